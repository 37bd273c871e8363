using System.Net;
using Skitai.Configuration.Settings;
using Skitai.Engine.Tests.Apps;
using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests;

public sealed class ReloadTests
{
    private const string App = """
        import os, time
        def app(environ, start_response):
            if environ['PATH_INFO'] == '/wait':
                open(environ['QUERY_STRING'] + '.begun', 'w').close()
                while not os.path.exists(environ['QUERY_STRING']):
                    time.sleep(0.01)
            start_response('200 OK', [])
            return [f"{os.getpid()} {os.environ.get('WORD', '-')}".encode()]
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_did_not_change_keeps_its_workers_and_what_changed_gets_new_ones()
    {
        using var directory = new TemporaryDirectory();
        var settings = Settings(directory, ("/a", "one"), ("/b", "two"));
        await using var instance = await StartAsync(settings);
        using var client = ClientOf(instance);
        var (a, b) = (await client.GetStringAsync("/a/", Cancellation), await client.GetStringAsync("/b/", Cancellation));

        Assert.Equal(new ReloadResult(null, Kept: 2), await ReloadAsync(instance, settings));
        Assert.Equal((a, b), (await client.GetStringAsync("/a/", Cancellation), await client.GetStringAsync("/b/", Cancellation)));

        // /b gives way to /c, /a stays.
        Assert.Equal(new ReloadResult(null, Kept: 1, Started: 1, Ended: 1), await ReloadAsync(instance, Settings(directory, ("/a", "one"), ("/c", "two"))));
        Assert.Equal(a, await client.GetStringAsync("/a/", Cancellation));
        Assert.NotEqual(b, await client.GetStringAsync("/c/", Cancellation));
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/b/", Cancellation)).StatusCode);
        await TestInstances.UntilAsync(() => !Directory.Exists($"/proc/{b.Split(' ')[0]}"), "the old worker ends");
    }

    [Fact]
    public async Task An_apps_environment_is_taken_up()
    {
        using var directory = new TemporaryDirectory();
        var settings = Settings(directory, ("/", "one"));
        await using var instance = await StartAsync(settings);
        using var client = ClientOf(instance);
        Assert.EndsWith(" -", await client.GetStringAsync("/", Cancellation), StringComparison.Ordinal);
        var changed = settings with { Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["WORD"] = "new" } };
        Assert.Equal(new ReloadResult(null, Started: 1, Ended: 1), await ReloadAsync(instance, changed));
        Assert.EndsWith(" new", await client.GetStringAsync("/", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_in_a_mount_that_goes_is_answered_to_its_end()
    {
        using var directory = new TemporaryDirectory();
        await using var instance = await StartAsync(Settings(directory, ("/", "one")));
        using var client = ClientOf(instance);
        var flag = Path.Combine(directory.Path, "flag");
        var waiting = client.GetStringAsync($"/wait?{flag}", Cancellation);
        await UntilThereAsync(flag + ".begun");
        await ReloadAsync(instance, Settings(directory, ("/x", "one")));
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/", Cancellation)).StatusCode);
        Assert.False(waiting.IsCompleted);
        await File.WriteAllTextAsync(flag, "", Cancellation);
        Assert.EndsWith(" -", await waiting, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mount_that_goes_is_cut_with_those_that_stay()
    {
        using var directory = new TemporaryDirectory();
        await using var instance = await StartAsync(Settings(directory, ("/", "one")));
        using var client = ClientOf(instance);
        var worker = "/proc/" + (await client.GetStringAsync("/", Cancellation)).Split(' ')[0];
        var waiting = client.PostAsync($"/wait?{directory.Path}/never", null, Cancellation);
        await UntilThereAsync($"{directory.Path}/never.begun");
        await ReloadAsync(instance, Settings(directory, ("/x", "one")));
        Assert.True(Directory.Exists(worker));

        instance.Cut();

        await TestInstances.UntilAsync(() => !Directory.Exists(worker), "the worker of the mount that goes ends");
        Assert.Equal(HttpStatusCode.BadGateway, (await waiting).StatusCode); // a POST is not tried again
    }

    [Fact]
    public async Task At_the_end_a_mount_that_goes_and_one_that_stays_end_at_the_same_time()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("last.py", """
            import os, time
            def app(environ, start_response):
                other, mark = environ['QUERY_STRING'].split('&')
                open(mark + '.begun', 'w').close()
                while os.path.exists(other):
                    time.sleep(0.01)
                open(mark, 'w').close()
                start_response('200 OK', [])
                return []
            """);

        // A worker gets a minute to end: whichever waits for the other has that long.
        var patient = new TuneSettings { ResponseTimeout = TimeSpan.FromMinutes(1) };
        var instance = await StartAsync(Settings(directory, ("/stays", "one"), ("/goes", "last")) with { Tune = patient });
        using var client = ClientOf(instance);
        client.Timeout = Timeout.InfiniteTimeSpan;
        var living = "/proc/" + (await client.GetStringAsync("/stays/", Cancellation)).Split(' ')[0];
        var mark = Path.Combine(directory.Path, "mark");
        var waiting = client.GetAsync($"/goes/?{living}&{mark}", Cancellation);
        await UntilThereAsync(mark + ".begun");
        await ReloadAsync(instance, Settings(directory, ("/stays", "one")) with { Tune = patient });

        await instance.DisposeAsync();

        // Only to the one whose worker outlived the other's.
        Assert.True(File.Exists(mark), "the mount that goes was ended before the one that stays");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => waiting);
    }

    [Fact]
    public async Task An_app_that_works_is_not_replaced_by_one_that_does_not()
    {
        using var directory = new TemporaryDirectory();
        var settings = Settings(directory, ("/", "one"));
        await using var instance = await StartAsync(settings);
        using var client = ClientOf(instance);
        var before = await client.GetStringAsync("/", Cancellation);
        directory.Write("broken.py", "1/0\n");
        var broken = Settings(directory, ("/", "broken"));
        var result = await ReloadAsync(instance, broken);
        Assert.Contains("/ works now and would not any more: ZeroDivisionError", result.Refused, StringComparison.Ordinal);
        Assert.Equal(before, await client.GetStringAsync("/", Cancellation));

        Assert.Null((await instance.ReloadAsync(LiveSettings.Of(broken), force: true, Cancellation)).Refused);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/", Cancellation)).StatusCode);
        Assert.Null((await ReloadAsync(instance, settings)).Refused);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/", Cancellation)).StatusCode);
    }

    [Fact]
    public async Task An_app_mounted_twice_outlives_the_end_of_one_of_its_mounts_in_another_host()
    {
        using var directory = new TemporaryDirectory();
        var one = Settings(directory, ("/", "one"));
        var other = new VirtualHostSettings([new HostPattern(HostPatternKind.Exact, "b.com")], one.Hosts[0].Mounts);
        await using var instance = await StartAsync(one with { Hosts = [one.Hosts[0], other] });
        using var client = ClientOf(instance);
        var before = await client.GetStringAsync("/", Cancellation);
        Assert.Equal(new ReloadResult(null, Kept: 1, Ended: 1), await ReloadAsync(instance, one));
        Assert.Equal(before, await client.GetStringAsync("/", Cancellation));
        Assert.Null(Assert.Single(instance.GetStatus().Mounts).Problem);
    }

    [Fact]
    public async Task No_request_fails_while_mounts_come_and_go()
    {
        using var directory = new TemporaryDirectory();
        var (one, two) = (Settings(directory, ("/", "one")), Settings(directory, ("/", "two")));
        await using var instance = await StartAsync(one);
        using var client = ClientOf(instance);
        using var enough = new CancellationTokenSource();
        var asking = Enumerable.Range(0, 4).Select(_ => Task.Run(
            async () =>
            {
                var count = 0;
                for (; !enough.IsCancellationRequested; count++)
                {
                    using var answer = await client.GetAsync("/", Cancellation);
                    Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                }

                return count;
            },
            Cancellation)).ToArray();
        for (var i = 0; i < 6; i++)
        {
            Assert.Null((await ReloadAsync(instance, i % 2 == 0 ? two : one)).Refused);
        }

        await enough.CancelAsync();
        Assert.True((await Task.WhenAll(asking)).Sum() > 0);
    }

    /// <summary>Waits for an app to be at work: a request that counts as in flight may not have come to it yet.</summary>
    private static Task UntilThereAsync(string file) => TestInstances.UntilAsync(() => File.Exists(file), file);

    private static Task<ReloadResult> ReloadAsync(Instance instance, InstanceSettings settings) =>
        instance.ReloadAsync(LiveSettings.Of(settings), force: false, Cancellation);

    private static HttpClient ClientOf(Instance instance) => new() { BaseAddress = new Uri($"http://{instance.Address}"), Timeout = AppServer.Patience };

    private static Task<Instance> StartAsync(InstanceSettings settings) => Instance.StartAsync(
        settings, new InstanceEnvironment { PythonPackage = AppServer.PythonPackage }, Cancellation);

    private static InstanceSettings Settings(TemporaryDirectory directory, params (string Path, string Module)[] mounts)
    {
        foreach (var (_, module) in mounts)
        {
            if (!File.Exists(Path.Combine(directory.Path, module + ".py")))
            {
                directory.Write(module + ".py", App);
            }
        }

        var settings = TestInstances.Settings();
        return settings with
        {
            Server = settings.Server with { Python = "/usr/bin/python3" },
            Hosts = [new VirtualHostSettings([], [.. mounts.Select(mount => new MountSettings(mount.Path, new AppTarget(directory.Path, mount.Module, "app"), 1))])],
        };
    }
}
