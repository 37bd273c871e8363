using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Hostile;

/// <summary>Clients that say little or leave half: header_timeout and keep_alive end them.</summary>
public sealed class SlowClientTests(HostileSite site) : IClassFixture<HostileSite>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("G", "ET /app/ HTTP/1.1")]
    [InlineData("PRI ", "* HTTP/2.0\r\n\r\n")]
    [InlineData("GET /app/ HTTP/1.1\r\nHost: a\r\nX: ", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy")]
    [InlineData("POST /app/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n", "")]
    [InlineData("", "")]
    public async Task A_client_that_drips_or_falls_silent_is_ended(string first, string drip)
    {
        var before = site.Descriptors;
        using (var client = await site.ConnectAsync())
        {
            await client.TrySendAsync(first);
            var answer = client.ReadUntilCutAsync();
            foreach (var letter in drip)
            {
                await Task.WhenAny(answer, Task.Delay(500, Cancellation));
                if (answer.IsCompleted)
                {
                    break;
                }

                await client.TrySendAsync(letter.ToString());
            }

            Assert.Matches("^($|HTTP/1.1 (408|400) )", await answer);
        }

        await site.AssertUnharmedAsync(before);
    }

    [Theory]
    [InlineData("/files/index.html", "hello")]
    [InlineData("/app/late", "GET /late 0")]
    public async Task A_client_that_only_shut_its_writing_side_gets_its_answer(string path, string body)
    {
        using var client = await site.ConnectAsync();
        await client.TrySendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        client.EndSending();
        Assert.EndsWith(body, await client.ReadUntilCutAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_beyond_the_limit_are_turned_away_and_idle_ones_make_room()
    {
        var before = site.Descriptors;
        var clients = new List<RawClient>();
        try
        {
            // All are taken up at the latest when one more is refused. Those that are left idle for too long by a machine that
            // stalls have gone by then: as many come again.
            await TestDaemon.WaitAsync("the limit was reached", async () =>
            {
                clients.AddRange(await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => site.ConnectAsync())));
                using var extra = await site.ConnectAsync();
                await extra.TrySendAsync("GET /app/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                return (await extra.ReadUntilCutAsync()).StartsWith("HTTP/1.1 503 ", StringComparison.Ordinal);
            });
            foreach (var client in clients)
            {
                Assert.Matches("^($|HTTP/1.1 503 )", await client.ReadUntilCutAsync());
            }
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        await site.AssertUnharmedAsync(before);
    }
}
