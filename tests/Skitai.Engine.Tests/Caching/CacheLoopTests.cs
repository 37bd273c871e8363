using System.Net;
using System.Net.Sockets;
using static Skitai.Engine.Tests.Proxy.Forwarding.ProxySite;

namespace Skitai.Engine.Tests.Caching;

/// <summary>An instance that is its own cluster's member, by mistake.</summary>
public sealed class CacheLoopTests
{
    [Fact]
    public async Task A_request_that_comes_back_does_not_wait_for_itself()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var site = await StartAsync(
            [(IPEndPoint)listener.LocalEndpoint],
            cluster => cluster with { Cache = true },
            new() { ResponseTimeout = TimeSpan.FromSeconds(60) });
        var passing = PassOnAsync(listener, site.Instance.Address);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri($"http://{site.Instance.Address}"),

            // Four waits for each other's fetch would be longer, and there would be fifty.
            Timeout = TimeSpan.FromSeconds(20),
        };
        using (var answer = await client.GetAsync("/x", Cancellation))
        {
            Assert.Equal(508, (int)answer.StatusCode);
        }

        var crowd = await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ =>
        {
            using var answer = await client.GetAsync("/y", Cancellation);
            return (int)answer.StatusCode;
        }));
        Assert.All(crowd, status => Assert.Equal(508, status));
        listener.Stop();
        await passing;
    }

    /// <summary>Takes connections for somebody whose port is not known yet.</summary>
    private static async Task PassOnAsync(TcpListener listener, IPEndPoint to)
    {
        try
        {
            while (true)
            {
                _ = PassOnAsync(await listener.AcceptTcpClientAsync(Cancellation), to);
            }
        }
        catch (SocketException)
        {
            // Stopped. What is open ends with the instance.
        }
    }

    private static async Task PassOnAsync(TcpClient from, IPEndPoint address)
    {
        using (from)
        using (var to = new TcpClient())
        {
            try
            {
                await to.ConnectAsync(address, Cancellation);
                await Task.WhenAny(
                    from.GetStream().CopyToAsync(to.GetStream(), Cancellation),
                    to.GetStream().CopyToAsync(from.GetStream(), Cancellation));
            }
            catch (IOException)
            {
                // One of them is gone, and so is the other one.
            }
        }
    }
}
