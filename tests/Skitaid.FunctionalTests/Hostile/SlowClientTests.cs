using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Hostile;

/// <summary>Clients that say little, take nothing, or leave half: header_timeout, response_timeout and keep_alive end them.</summary>
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
            await client.SendAsync(first);
            var answer = client.ReadToEndAsync();
            foreach (var letter in drip)
            {
                await Task.WhenAny(answer, Task.Delay(500, Cancellation));
                if (answer.IsCompleted)
                {
                    break;
                }

                await client.SendAsync(letter.ToString());
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
        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        client.EndSending();
        Assert.EndsWith(body, await client.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/files/big", 1)]
    [InlineData("/app/stream", 1)]
    [InlineData("/files/index.html", 20_000)]
    public async Task Clients_that_never_read_are_cut_off_and_cost_little(string path, int requests)
    {
        var before = site.Descriptors;
        var memory = site.ResidentBytes;
        var clients = new List<RawConnection>();
        try
        {
            var request = string.Concat(Enumerable.Repeat($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n", requests));
            for (var i = 0; i < 20; i++)
            {
                clients.Add(await site.ConnectAsync(receiveBuffer: 4096));
                _ = clients[i].SendAsync(request);
            }

            foreach (var client in clients)
            {
                await client.WaitUntilCutAsync();
            }

            Assert.True(site.ResidentBytes - memory < 100_000_000, $"{memory} bytes grew to {site.ResidentBytes}");
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        await site.AssertUnharmedAsync(before);
    }

    [Fact]
    public async Task Connections_beyond_the_limit_are_turned_away_and_idle_ones_make_room()
    {
        var before = site.Descriptors;
        var clients = new List<RawConnection>();
        try
        {
            for (var i = 0; i < 300; i++)
            {
                clients.Add(await site.ConnectAsync());
            }

            // All are taken up at the latest when one more is refused.
            await TestDaemon.WaitAsync("the limit was reached", async () =>
            {
                using var extra = await site.ConnectAsync();
                await extra.SendAsync("GET /app/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
                return (await extra.ReadToEndAsync()).StartsWith("HTTP/1.1 503 ", StringComparison.Ordinal);
            });
            foreach (var client in clients)
            {
                Assert.Matches("^($|HTTP/1.1 503 )", await client.ReadToEndAsync());
            }
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        await site.AssertUnharmedAsync(before);
    }
}
