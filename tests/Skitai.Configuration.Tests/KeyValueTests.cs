using Skitai.Configuration.Reference;

namespace Skitai.Configuration.Tests;

public sealed class KeyValueTests : IDisposable
{
    private readonly TreeFixture _tree = new();

    public void Dispose() => _tree.Dispose();

    [Fact]
    public void A_value_is_told_as_a_conf_has_it_and_whether_it_is_the_default()
    {
        var settings = _tree.Settings("[server]\nthreads = 8\n[tunefactors]\nmax_body_size = 2048K\napp_timeout = 90\nresponse_timeout = 10\nstatic_max_age = 0\n");

        Assert.Equal(
            ["max_body_size 2M False", "buffer_uploads yes True", "buffer_answers 100M True", "app_timeout 90s False", "response_timeout 10s True", "slow_request 10s True", "max_requests 0 True", "max_worker_memory 0 True"],
            KeyValues.OfApps(settings.Tune).Select(Text));
        Assert.Equal(["static_max_age 0 False", "response_timeout 10s True"], KeyValues.OfFiles(settings.Tune).Select(Text));
        Assert.Equal(["processes 1 True", "threads 8 False"], KeyValues.OfWorkers(settings.Server).Select(Text));
        Assert.Equal([null, null, "the app waits for it", "no limit", null, "never", "never", "no limit"], KeyValues.OfApps(settings.Tune with { MaxBodySize = 1 }).Select((value, i) => i is 0 ? null : value.ZeroMeans));
        Assert.Equal("100M", KeyValues.OfApps(settings.Tune)[0].Default);

        Assert.Equal(
            ["connect_timeout 5s True", "response_timeout 10s True", "idle_timeout 60s True", "retries 2 True", "sticky no True", "max_connections 0 True", "cache yes True"],
            KeyValues.OfCluster(Cluster(""), settings.Tune).Select(Text));
        Assert.Equal("response_timeout 20s False", Text(KeyValues.OfCluster(Cluster("response_timeout = 20"), settings.Tune)[1]));

        Skitai.Configuration.Settings.ClusterSettings Cluster(string key) => _tree.Settings($"[@a]\nmembers = b:1\n{key}").Clusters[0];

        static string Text(KeyValue value) => $"{value.Key} {value.Value} {value.IsDefault}";
    }
}
