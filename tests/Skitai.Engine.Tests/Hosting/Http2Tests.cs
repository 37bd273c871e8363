using System.Diagnostics;
using System.Net;
using Skitai.Configuration.Settings;

namespace Skitai.Engine.Tests.Hosting;

/// <summary>HTTP/2 by prior knowledge on the clear-text port, beside HTTP/1.1.</summary>
public sealed class Http2Tests
{
    [Fact]
    public async Task One_clear_text_port_speaks_both_versions()
    {
        await using var instance = await StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://{instance.Address}") };
        foreach (var version in (Version[])[HttpVersion.Version20, HttpVersion.Version11])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/a%20b?c")
            {
                Version = version,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(version, answer.Version);
            Assert.Equal($"HTTP/{version.Major}{(version.Major == 2 ? "" : ".1")} http /a b?c", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Many_streams_at_once_and_large_bodies_come_through()
    {
        await using var instance = await TestInstances.StartAsync(new TextMount("/", TextMount.CountAsync));
        using var http = Http2Client(instance);
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(async number =>
        {
            using var content = new ByteArrayContent(new byte[number * 10_000]);
            using var answer = await http.PostAsync(new Uri("/", UriKind.Relative), content, TestContext.Current.CancellationToken);
            return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }));
        Assert.Equal(Enumerable.Range(0, 50).Select(number => $"{number * 10_000}"), answers);
    }

    [Fact]
    public async Task Curl_speaks_it_too()
    {
        await using var instance = await StartAsync();
        using var curl = Process.Start(new ProcessStartInfo("curl", ["-s", "--max-time", "10", "--http2-prior-knowledge", "-w", " %{http_version}", $"http://{instance.Address}/x"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        Assert.Equal("HTTP/2 http /x? 2", await curl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("P", "OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("PR", "OPFIND / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("PRI * HTTP/2", "X / HTTP/1.1\r\nHost: a\r\n\r\n")]
    public async Task A_slow_client_that_only_begins_like_the_preface_speaks_http1(string first, string rest)
    {
        await using var instance = await StartAsync();
        using var client = await RawClient.ConnectAsync(instance.Address);
        await client.SendAsync(first);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        await client.SendAsync(rest);
        Assert.InRange((await client.ReadAsync())!.Status, 200, 499);
    }

    [Fact]
    public async Task The_preface_may_come_byte_by_byte()
    {
        await using var instance = await StartAsync();
        using var client = await RawClient.ConnectAsync(instance.Address);
        foreach (var letter in "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        {
            await client.SendAsync(letter.ToString());
        }

        // An empty SETTINGS frame; the server's own SETTINGS come back, which is no HTTP/1.1 answer.
        await client.SendAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 });
        await TestInstances.UntilAsync(() => instance.GetStatus().Connections == 1, "the connection");
        client.EndSending();
        await TestInstances.UntilAsync(() => instance.GetStatus().Connections == 0, "the connection to end");
    }

    [Fact]
    public async Task A_client_that_says_nothing_is_let_go_after_the_keep_alive_time()
    {
        await using var instance = await StartAsync(new TuneSettings { KeepAlive = TimeSpan.FromSeconds(1) });
        using var client = await RawClient.ConnectAsync(instance.Address);
        Assert.True(await client.IsClosedAsync());
        Assert.Equal(0, instance.GetStatus().Requests);
    }

    internal static HttpClient Http2Client(Instance instance) => new()
    {
        BaseAddress = new Uri($"http://{instance.Address}"),
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private static Task<Instance> StartAsync(TuneSettings? tune = null) => TestInstances.StartAsync(
        new TextMount("/", exchange => TextMount.WriteAsync(
            exchange, $"{exchange.Request.Protocol} {exchange.Scheme} {exchange.Path}?{exchange.Query}")),
        tune);
}
