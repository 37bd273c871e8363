using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Skitai.Engine.Tests.Proxy.Upstream;
using static Skitai.Engine.Tests.Proxy.Forwarding.ProxySite;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>
/// Clients that cut their connection at any moment: nothing stays counted, and nothing is thrown where nobody listens (Kestrel's
/// request body throws at every call once the request is aborted).
/// </summary>
public sealed class AbortTests
{
    private const int Clients = 4, Rounds = 100;

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task Clients_that_reset_within_an_upload_leave_nothing_behind(HttpProtocols spoken)
    {
        await using var member = await KestrelMember.StartAsync(EchoAsync, spoken);
        await using var site = await StartAsync(
            [member.Address],
            cluster => cluster with { Protocol = spoken == HttpProtocols.Http2 ? Configuration.Settings.MemberProtocol.Http2 : Configuration.Settings.MemberProtocol.Http1 });
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(seed => Task.Run(() => CutAsync(site, seed), Cancellation)));
        await site.UntilQuietAsync();
        Assert.DoesNotContain(site.ReadLog("server.log"), line => line.Contains("[error]", StringComparison.Ordinal) || line.Contains("unhandled", StringComparison.Ordinal));
        using var client = site.Http(http2: false);
        Assert.Equal("still here", await (await client.PostAsync("/", new StringContent("still here"), Cancellation)).Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Clients_that_leave_just_when_patience_ends_harm_nobody()
    {
        await using var member = await KestrelMember.StartAsync(context => context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted), HttpProtocols.Http1);
        var patience = TimeSpan.FromMilliseconds(300);
        await using var site = await StartAsync([member.Address], null, new Configuration.Settings.TuneSettings { ResponseTimeout = patience });
        await Task.WhenAll(Enumerable.Range(0, 100).Select(number => Task.Run(() => LeaveAsync(site, patience + TimeSpan.FromMilliseconds((number % 20) - 10)), Cancellation)));
        await site.UntilQuietAsync();
        Assert.DoesNotContain(site.ReadLog("server.log"), line => line.Contains("[error]", StringComparison.Ordinal));
    }

    private static async Task LeaveAsync(ProxySite site, TimeSpan after)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(site.Instance.Address, Cancellation);
        await socket.SendAsync(Encoding.ASCII.GetBytes("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx"), Cancellation);
        await Task.Delay(after, Cancellation);
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
    }

    private static async Task EchoAsync(HttpContext context)
    {
        await context.Response.Body.FlushAsync(context.RequestAborted);
        await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static async Task CutAsync(ProxySite site, int seed)
    {
        var random = new Random(seed);
        var answer = new byte[1000];
        for (var round = 0; round < Rounds; round++)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(site.Instance.Address, Cancellation);
            await socket.SendAsync(Encoding.ASCII.GetBytes("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"), Cancellation);
            if (random.Next(2) == 0)
            {
                await socket.ReceiveAsync(answer, Cancellation);
            }

            if (random.Next(2) == 0)
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes(random.Next(2) == 0 ? "1\r\ny\r\n" : "nonsense"), Cancellation);
            }

            if (random.Next(3) > 0)
            {
                socket.LingerState = new LingerOption(enable: true, seconds: 0); // closing is a reset then
            }
        }
    }
}
