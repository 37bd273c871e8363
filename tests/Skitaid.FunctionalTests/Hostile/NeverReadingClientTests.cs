using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Hostile;

/// <summary>
/// Clients that take nothing of their answers: response_timeout ends them, and visibly. (A connection that another time-out
/// ends meanwhile, on a machine that stalls, ends behind what nobody reads: its client would hear of it in minutes.)
/// </summary>
public sealed class NeverReadingClientTests(PatientHostileSite site) : IClassFixture<PatientHostileSite>
{
    [Theory]
    [InlineData("/files/big", 1)]
    [InlineData("/app/stream", 1)]
    [InlineData("/files/index.html", 20_000)]
    public async Task Clients_that_never_read_are_cut_off_and_cost_little(string path, int requests)
    {
        var before = site.Descriptors;
        var memory = site.ResidentBytes;
        var clients = new List<RawClient>();
        var sending = new List<Task>();
        try
        {
            // The last one says close: who is refused for want of a thread is not kept.
            var request = string.Concat(Enumerable.Repeat($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n", requests - 1))
                + $"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
            for (var i = 0; i < 20; i++)
            {
                clients.Add(await site.ConnectAsync(receiveBuffer: 4096));
                sending.Add(clients[i].TrySendAsync(request));
            }

            foreach (var client in clients)
            {
                await client.WaitUntilCutAsync();
            }

            await Task.WhenAll(sending);
            Assert.True(site.ResidentBytes - memory < 100_000_000, $"{memory} bytes grew to {site.ResidentBytes}");
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        await site.AssertUnharmedAsync(before);
    }
}
