using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Skitai.Configuration.Settings;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Upstream;

/// <summary>TLS with members: whom is believed, and which HTTP version comes of it.</summary>
public sealed class TlsTests : IDisposable
{
    private static readonly RequestDelegate s_answer = context => context.Response.WriteAsync($"{context.Request.Protocol} {context.Request.Scheme} {context.Request.Host}");

    private readonly string _directory = Directory.CreateTempSubdirectory("skitaid-member-tls-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(HttpProtocols.Http1AndHttp2, MemberProtocol.Auto, "HTTP/2")]
    [InlineData(HttpProtocols.Http1, MemberProtocol.Auto, "HTTP/1.1")]
    [InlineData(HttpProtocols.Http2, MemberProtocol.Auto, "HTTP/2")]
    [InlineData(HttpProtocols.Http1AndHttp2, MemberProtocol.Http1, "HTTP/1.1")]
    [InlineData(HttpProtocols.Http1AndHttp2, MemberProtocol.Http2, "HTTP/2")]
    public async Task The_negotiation_decides_the_version(HttpProtocols spoken, MemberProtocol wanted, string version)
    {
        using var certificate = KestrelMember.Certificate("localhost");
        await using var member = await KestrelMember.StartAsync(s_answer, spoken, certificate);
        await using var connections = member.Connections(Trusting(certificate) with { Protocol = wanted });
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal((200, $"{version} https a.example"), await connections.AskAsync());
        }

        Assert.Equal(1, connections.Open);
    }

    [Fact]
    public async Task Requests_that_begin_together_before_the_version_is_known_are_all_answered()
    {
        using var certificate = KestrelMember.Certificate("localhost");
        await using var member = await KestrelMember.StartAsync(s_answer, HttpProtocols.Http1AndHttp2, certificate);
        await using var connections = member.Connections(Trusting(certificate));
        foreach (var (status, body) in await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => connections.AskAsync())))
        {
            Assert.Equal((200, "HTTP/2 https a.example"), (status, body));
        }

        await connections.DisposeAsync();
        await Exchanges.UntilAsync(() => connections.Open == 0, "the connections' end");
    }

    /// <summary>Nobody would watch it, and much later it would be taken for a good one.</summary>
    [Fact]
    public async Task A_connection_that_came_too_late_to_be_needed_is_closed()
    {
        using var certificate = KestrelMember.Certificate("localhost");
        await using var member = await KestrelMember.StartAsync(s_answer, HttpProtocols.Http1AndHttp2, certificate);
        using var way = new ScriptedMember();
        await using var connections = way.Connections(settings: Trusting(certificate));
        var first = connections.AskAsync();
        var second = connections.AskAsync();
        using var early = await way.AcceptAsync();
        using var late = await way.AcceptAsync();
        var relayingEarly = RelayAsync(early.Socket, member.Address);

        // Which of the two has the early one, nobody knows.
        await (await Task.WhenAny(first, second));
        await RelayAsync(late.Socket, member.Address).WaitAsync(ScriptedMember.Patience, ScriptedMember.Cancellation);
        Assert.Equal((200, 200), ((await first).Status, (await second).Status));
        Assert.False(relayingEarly.IsCompleted);
        Assert.Equal(1, connections.Open);
    }

    [Fact]
    public async Task A_member_that_changes_its_version_is_followed_both_ways()
    {
        using var certificate = KestrelMember.Certificate("localhost");
        var member = await KestrelMember.StartAsync(s_answer, HttpProtocols.Http1AndHttp2, certificate);
        await using var connections = member.Connections(Trusting(certificate));
        foreach (var (spoken, version) in new[] { (HttpProtocols.Http1AndHttp2, "HTTP/2"), (HttpProtocols.Http1, "HTTP/1.1"), (HttpProtocols.Http2, "HTTP/2") })
        {
            await member.DisposeAsync();
            await Exchanges.UntilAsync(() => connections.Open == 0, "the old connections' end");
            member = await KestrelMember.StartAsync(s_answer, spoken, certificate, member.Address.Port);
            Assert.Equal((200, $"{version} https a.example"), await connections.AskAsync());
        }

        await member.DisposeAsync();
    }

    [Fact]
    public async Task An_upgrade_goes_over_http11_though_the_member_prefers_http2()
    {
        using var certificate = KestrelMember.Certificate("localhost");
        await using var member = await KestrelMember.StartAsync(s_answer, HttpProtocols.Http1AndHttp2, certificate);
        await using var connections = member.Connections(Trusting(certificate));
        Assert.Equal((200, "HTTP/2 https a.example"), await connections.AskAsync());
        var request = Exchanges.Get();
        request.Upgrade = "websocket";
        Assert.Equal((200, "HTTP/1.1 https a.example"), await connections.AskAsync(request));
    }

    [Theory]
    [InlineData(MemberProtocol.Auto)]
    [InlineData(MemberProtocol.Http1)]
    [InlineData(MemberProtocol.Http2)]
    public async Task A_certificate_that_is_not_good_is_refused(MemberProtocol protocol)
    {
        using var certificate = KestrelMember.Certificate("localhost");
        using var wrongName = KestrelMember.Certificate("other.test");
        await using var member = await KestrelMember.StartAsync(s_answer, HttpProtocols.Http1AndHttp2, certificate);
        await using var misnamed = await KestrelMember.StartAsync(s_answer, HttpProtocols.Http1AndHttp2, wrongName);
        var unknown = new ClusterSettings { Name = "@test", Members = [], Ssl = true, Protocol = protocol };

        await using var system = member.Connections(unknown);
        Assert.True((await system.StartAsync(Exchanges.Get()).FailAsync(MemberFault.TlsFailed)).NeverLeft);
        Assert.Equal(0, system.Open);

        await using var named = misnamed.Connections(Trusting(wrongName) with { Protocol = protocol });
        await named.StartAsync(Exchanges.Get()).FailAsync(MemberFault.TlsFailed);

        await using var renamed = misnamed.Connections(Trusting(wrongName) with { Protocol = protocol, SslName = "other.test" });
        Assert.Equal(200, (await renamed.AskAsync()).Status);

        await using var careless = misnamed.Connections(unknown with { Verify = false });
        Assert.Equal(200, (await careless.AskAsync()).Status);
    }

    [Fact]
    public async Task What_is_wrong_with_a_certificate_is_said_in_words()
    {
        using var good = KestrelMember.Certificate("localhost");
        using var misnamed = KestrelMember.Certificate("other.test");
        using var past = KestrelMember.Certificate("localhost", day: -10);
        using var coming = KestrelMember.Certificate("localhost", day: 10);
        using var authority = KestrelMember.Certificate("Some Authority");
        using var issued = KestrelMember.Certificate("localhost", issuer: authority);
        Assert.Equal("no TLS with it: its certificate is for other.test, not for localhost", await WhyRefusedAsync(misnamed, Trusting(misnamed)));
        Assert.Equal($"no TLS with it: its certificate ended on {past.NotAfter.ToUniversalTime():yyyy-MM-dd}", await WhyRefusedAsync(past, Trusting(past)));
        Assert.Equal($"no TLS with it: its certificate begins on {coming.NotBefore.ToUniversalTime():yyyy-MM-dd}", await WhyRefusedAsync(coming, Trusting(coming)));
        Assert.Equal("no TLS with it: its certificate is signed by itself", await WhyRefusedAsync(good, Trusting(authority)));
        Assert.Equal("no TLS with it: its certificate is of an unknown authority, CN=Some Authority", await WhyRefusedAsync(issued, Trusting(good)));
    }

    private static async Task<string> WhyRefusedAsync(X509Certificate2 shown, ClusterSettings settings)
    {
        await using var member = await KestrelMember.StartAsync(s_answer, HttpProtocols.Http1, shown);
        await using var connections = member.Connections(settings);
        return (await connections.StartAsync(Exchanges.Get()).FailAsync(MemberFault.TlsFailed)).Message;
    }

    /// <summary>Whoever can cut the connection could else have a part kept for the whole (RFC 9112 section 9.8).</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Whether_tls_was_ended_behind_an_answer_without_a_length_is_known(bool isEnded)
    {
        using var certificate = KestrelMember.Certificate("localhost");
        using var member = new ScriptedMember();
        await using var connections = member.Connections(settings: Trusting(certificate) with { Protocol = MemberProtocol.Http1 });
        var asking = connections.StartAsync(Exchanges.Get());
        using var peer = await member.AcceptAsync();
        await using var tls = new SslStream(new NetworkStream(peer.Socket));
        await tls.AuthenticateAsServerAsync(certificate);
        Assert.NotEqual(0, await tls.ReadAsync(new byte[1000], ScriptedMember.Cancellation));
        await tls.WriteAsync("HTTP/1.1 200 OK\r\n\r\nhalf"u8.ToArray(), ScriptedMember.Cancellation);
        if (isEnded)
        {
            await tls.ShutdownAsync();
        }

        peer.EndSending();
        await using var answer = await asking;
        Assert.Equal("half", await answer.ReadAllAsync());
        Assert.Equal(!isEnded, answer.MayBeCut);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("")]
    public async Task What_speaks_no_tls_is_named_so(string says)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections(settings: new ClusterSettings { Name = "@test", Members = [], Ssl = true });
        var asking = connections.StartAsync(Exchanges.Get());
        var peer = await member.AcceptAsync();
        await peer.SendAsync(says);
        peer.EndSending();
        await asking.FailAsync(MemberFault.TlsFailed);
        peer.Dispose();
        Assert.Equal(0, connections.Open);
    }

    [Fact]
    public async Task A_handshake_without_end_is_a_connect_timeout()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections(
            settings: new ClusterSettings { Name = "@test", Members = [], Ssl = true, ConnectTimeout = TimeSpan.FromMilliseconds(200) });
        var asking = connections.StartAsync(Exchanges.Get());
        using var peer = await member.AcceptAsync();
        Assert.True((await asking.FailAsync(MemberFault.ConnectTimeout)).NeverLeft);
        await peer.UntilClosedAsync();
    }

    [Fact]
    public async Task A_large_body_goes_through_tls_both_ways()
    {
        using var certificate = KestrelMember.Certificate("localhost");
        await using var member = await KestrelMember.StartAsync(context => context.Request.Body.CopyToAsync(context.Response.Body), HttpProtocols.Http1, certificate);
        await using var connections = member.Connections(Trusting(certificate));
        var sent = new string('x', 1_000_000);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal((200, sent), await connections.AskAsync(Exchanges.Post(FedBody.Of(sent))));
        }
    }

    [Fact]
    public async Task A_file_of_authorities_that_is_not_there_is_a_clear_failure()
    {
        using var member = new ScriptedMember();
        var settings = new ClusterSettings { Name = "@test", Members = [], Ssl = true, CaFile = Path.Combine(_directory, "none.pem") };
        await using var connections = member.Connections(settings: settings);
        Assert.Contains("none.pem", (await connections.StartAsync(Exchanges.Get()).FailAsync(MemberFault.TlsFailed)).Message, StringComparison.Ordinal);
    }

    /// <summary>Carries bytes both ways until the client has ended its connection.</summary>
    private static async Task RelayAsync(Socket client, IPEndPoint to)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(to, ScriptedMember.Cancellation);
        await using var up = new NetworkStream(client);
        await using var down = new NetworkStream(socket);
        var answers = down.CopyToAsync(up, ScriptedMember.Cancellation);
        try
        {
            await up.CopyToAsync(down, ScriptedMember.Cancellation);
            socket.Dispose();
            await answers;
        }
        catch (Exception end) when (end is IOException or ObjectDisposedException)
        {
        }
    }

    private ClusterSettings Trusting(X509Certificate2 certificate)
    {
        var file = Path.Combine(_directory, $"{certificate.Thumbprint}.pem");
        File.WriteAllText(file, certificate.ExportCertificatePem());
        return new ClusterSettings { Name = "@test", Members = [], Ssl = true, CaFile = file };
    }
}
