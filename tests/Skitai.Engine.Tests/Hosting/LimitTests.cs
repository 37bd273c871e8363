using Skitai.Configuration.Settings;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Tests.Hosting;

public sealed class LimitTests
{
    [Theory]
    [InlineData("X: ", 431)]
    [InlineData("", 414)]
    public async Task Oversized_heads_are_refused_and_logged(string header, int status)
    {
        var directory = Directory.CreateTempSubdirectory("skitaid-limit-").FullName;
        try
        {
            await using (var instance = await TestInstances.StartAsync(
                new TextMount("/"), new TuneSettings { MaxHeaderSize = 4096 }, new InstanceEnvironment { LogDirectory = directory }))
            {
                using var client = await RawClient.ConnectAsync(instance.Address);
                var filling = new string('x', 8000);
                await client.SendAsync(header.Length == 0 ? $"GET /{filling} HTTP/1.1\r\n" : $"GET / HTTP/1.1\r\nHost: a\r\n{header}{filling}\r\n\r\n");
                var answer = await client.ReadAsync();
                Assert.Equal((status, "close"), (answer!.Status, answer["Connection"]));
                Assert.Equal(1, instance.GetStatus().Answers4xx);
            }

            var log = await File.ReadAllTextAsync(Path.Combine(directory, "request.log"), TestContext.Current.CancellationToken);
            Assert.Contains($" {status} 0 0 - - - - ", log, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_request_whose_body_is_nonsense_is_answered_counted_and_logged_once()
    {
        var directory = Directory.CreateTempSubdirectory("skitaid-limit-").FullName;
        try
        {
            await using (var instance = await TestInstances.StartAsync(
                new TextMount("/", TextMount.CountAsync), environment: new InstanceEnvironment { LogDirectory = directory }))
            {
                using var client = await RawClient.ConnectAsync(instance.Address);
                await client.SendAsync("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n0\r\n\r\n");
                Assert.Equal(400, (await client.ReadAsync())!.Status);
                Assert.True(await client.IsClosedAsync());
                Assert.Equal(1, instance.GetStatus().Answers4xx);
            }

            Assert.Single(await File.ReadAllLinesAsync(Path.Combine(directory, "request.log"), TestContext.Current.CancellationToken));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_head_that_takes_too_long_is_answered_408()
    {
        await using var instance = await TestInstances.StartAsync(
            new TextMount("/"), new TuneSettings { HeaderTimeout = TimeSpan.FromSeconds(1) });
        using var client = await RawClient.ConnectAsync(instance.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost:");
        var answer = await client.ReadAsync();
        Assert.Equal((408, "close"), (answer!.Status, answer["Connection"]));
        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task A_client_still_sending_gets_to_read_why_its_body_is_refused()
    {
        await using var instance = await TestInstances.StartAsync(
            new TextMount("/", TextMount.CountAsync), new TuneSettings { MaxBodySize = 100 });
        using var client = await RawClient.ConnectAsync(instance.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
        await client.SendAsync(new byte[1_000_000]);
        var answer = await client.ReadAsync();
        Assert.Equal((413, "close"), (answer!.Status, answer["Connection"]));
        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task A_client_that_asks_first_is_refused_before_it_sends()
    {
        await using var instance = await TestInstances.StartAsync(
            new TextMount("/", TextMount.CountAsync), new TuneSettings { MaxBodySize = 100 });
        using var client = await RawClient.ConnectAsync(instance.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n");
        Assert.Equal(413, (await client.ReadAsync())!.Status);
        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task A_body_that_stands_still_ends()
    {
        await using var instance = await TestInstances.StartAsync(
            new TextMount("/", TextMount.CountAsync), new TuneSettings { ResponseTimeout = TimeSpan.FromSeconds(1) });
        using var client = await RawClient.ConnectAsync(instance.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx");
        var answer = await client.ReadAsync();
        Assert.Equal((408, "close"), (answer!.Status, answer["Connection"]));
    }

    [Fact]
    public async Task Connections_beyond_the_limit_are_turned_away_and_a_free_place_is_used()
    {
        await using var instance = await TestInstances.StartAsync(new TextMount("/"), new TuneSettings { MaxConnections = 2 });
        using var one = await RawClient.ConnectAsync(instance.Address);
        using (var two = await RawClient.ConnectAsync(instance.Address))
        {
            // Who has been answered is inside; one that is only accepted may be overtaken.
            foreach (var client in new[] { one, two })
            {
                await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                Assert.Equal(200, (await client.ReadAsync())!.Status);
            }

            Assert.Equal(2, instance.GetStatus().Connections);
            using var three = await RawClient.ConnectAsync(instance.Address);
            Assert.Equal(503, (await three.ReadAsync())!.Status);
            Assert.True(await three.IsClosedAsync());
            Assert.Equal(1, instance.GetStatus().ConnectionsRefused);
        }

        await TestInstances.UntilAsync(() => instance.GetStatus().Connections == 1, "a free place");
        using var four = await RawClient.ConnectAsync(instance.Address);
        await four.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(200, (await four.ReadAsync())!.Status);
    }

    [Fact]
    public async Task A_mount_that_throws_gives_500_without_a_traceback()
    {
        await using var instance = await TestInstances.StartAsync(
            new TextMount("/", exchange => exchange.Path == "/late" ? LateAsync() : throw new InvalidOperationException("the secret inside")));
        using var client = await RawClient.ConnectAsync(instance.Address);
        foreach (var path in (string[])["/", "/late"])
        {
            await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
            var answer = await client.ReadAsync();
            Assert.Equal(500, answer!.Status);
            Assert.DoesNotContain("secret", answer.Body, StringComparison.Ordinal);
            Assert.Matches($"^GET {path} failed \\(GTID-.* 1000\\)$", instance.GetStatus().LastError!);
        }

        static async ValueTask<MountOutcome> LateAsync()
        {
            await Task.Yield();
            throw new InvalidOperationException("the secret inside");
        }
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_cut_not_ended()
    {
        await using var instance = await TestInstances.StartAsync(new TextMount("/", async exchange =>
        {
            await exchange.ResponseBody.Stream.WriteAsync("half"u8.ToArray());
            throw new InvalidOperationException("broken");
        }));
        using var http = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(
            () => http.GetStringAsync(new Uri($"http://{instance.Address}/"), TestContext.Current.CancellationToken));
    }
}
