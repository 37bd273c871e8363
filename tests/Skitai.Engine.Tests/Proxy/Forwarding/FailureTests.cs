using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Skitai.Configuration.Settings;
using Skitai.Engine.Tests.Hosting;
using Skitai.Engine.Tests.Proxy.Upstream;
using static Skitai.Engine.Tests.Proxy.Forwarding.ProxySite;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>Whatever fails has its status and its line in server.log, and leaves nothing behind.</summary>
public sealed class FailureTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task Nobody_there_is_503_with_the_time_until_the_next_try()
    {
        var gone = new ScriptedMember();
        var address = gone.Address;
        gone.Dispose();
        await using var site = await StartAsync([address], cluster => cluster with { FailTimeout = TimeSpan.FromSeconds(7) });
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("GET /x?y HTTP/1.1\r\nHost: a\r\n\r\n");
        var answer = await client.ReadAsync();
        Assert.Equal((503, "7"), (answer!.Status, answer["Retry-After"]));
        Assert.Contains($"GET /x?y gets 503: @m {address}: cannot connect: connection refused (", await site.UntilLoggedAsync("gets 503"), StringComparison.Ordinal);
        await site.UntilQuietAsync();
    }

    [Fact]
    public async Task The_log_tells_of_another_member_only_when_one_gets_the_request()
    {
        // Nobody listens there, and nobody else gets the port meanwhile.
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var lonely = (IPEndPoint)nobody.LocalEndPoint!;
        await using var site = await StartAsync([lonely]);
        using var client = site.Http(http2: false);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/", Cancellation)).StatusCode);
        await site.UntilLoggedAsync("gets 503");
        Assert.DoesNotContain(site.ReadLog("server.log"), line => line.Contains("another member", StringComparison.Ordinal));

        await using var well = await KestrelMember.StartAsync(context => context.Response.WriteAsync("well"), HttpProtocols.Http1);
        await using var pair = await StartAsync([lonely, well.Address]);
        using var other = pair.Http(http2: false);
        while (pair.Cluster.Members[0].Failures == 0)
        {
            Assert.Equal("well", await other.GetStringAsync("/", Cancellation));
        }

        Assert.Contains($"@m {lonely}: cannot connect: connection refused; another member gets GET /", await pair.UntilLoggedAsync("another member"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retry_after_is_a_second_at_least()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        Assert.Null(site.Instance.OrderMember(new DrainedMember("@m", $"127.0.0.1:{member.Address.Port}"), drained: true));
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        var answer = await client.ReadAsync();
        Assert.Equal((503, "1"), (answer!.Status, answer["Retry-After"]));
        Assert.Contains("GET / gets 503: @m all members are drained (", await site.UntilLoggedAsync("gets 503"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_member_that_takes_no_connection_in_time_is_504()
    {
        // A listener whose backlog is full lets the kernel drop what comes.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        var address = (IPEndPoint)listener.LocalEndPoint!;
        var crowd = new List<Socket>();
        try
        {
            for (var number = 0; number < 4; number++)
            {
                var one = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                crowd.Add(one);
                try
                {
                    one.Connect(address);
                }
                catch (SocketException error) when (error.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
                {
                }
            }

            await using var site = await StartAsync([address], cluster => cluster with { ConnectTimeout = Short });
            using var client = await RawClient.ConnectAsync(site.Instance.Address);
            await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
            Assert.Equal(504, (await client.ReadAsync())!.Status);
            Assert.Contains($"POST / gets 504: @m {address}: no connection within 0.3 s (", await site.UntilLoggedAsync("gets 504"), StringComparison.Ordinal);
            await site.UntilQuietAsync();
        }
        finally
        {
            crowd.ForEach(one => one.Dispose());
        }
    }

    [Fact]
    public async Task A_member_that_does_not_begin_to_answer_is_504()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member, cluster => cluster with { ResponseTimeout = Short, Retries = 0 });
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        using var peer = await member.AcceptAsync();
        Assert.Equal(504, (await client.ReadAsync())!.Status);
        Assert.Contains($"GET / gets 504: @m {member.Address}: no answer within the response timeout (", await site.UntilLoggedAsync("gets 504"), StringComparison.Ordinal);
        await peer.UntilClosedAsync();
        await site.UntilQuietAsync();
        Assert.Equal(0, site.Cluster.Members[0].Connections);
    }

    [Theory]
    [InlineData("HTTP/2 200 OK\r\n\r\n", "its status line is malformed")]
    [InlineData("hello\r\n", "what it sent does not begin as an HTTP answer")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "Content-Length")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", "it switches protocols without having been asked")]
    public async Task A_member_that_answers_nonsense_is_502(string sent, string cause)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member, cluster => cluster with { Retries = 0 });
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(sent);
        Assert.Equal(502, (await client.ReadAsync())!.Status);
        var line = await site.UntilLoggedAsync("gets 502");
        Assert.Contains($"GET / gets 502: @m {member.Address}: ", line, StringComparison.Ordinal);
        Assert.Contains(cause, line, StringComparison.Ordinal);
        await peer.UntilClosedAsync();
        await site.UntilQuietAsync();
    }

    [Fact]
    public async Task A_member_whose_certificate_is_not_good_is_502_and_gets_no_request()
    {
        using var certificate = KestrelMember.Certificate("elsewhere.example");
        var arrivals = 0;
        await using var member = await KestrelMember.StartAsync(
            _ =>
            {
                arrivals++;
                return Task.CompletedTask;
            },
            Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http1AndHttp2,
            certificate);
        await using var site = await StartAsync([member.Address], cluster => cluster with { Ssl = true });
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        Assert.Equal(502, (await client.ReadAsync())!.Status);
        Assert.Contains($"POST / gets 502: @m {member.Address}: no TLS with it: ", await site.UntilLoggedAsync("gets 502"), StringComparison.Ordinal);
        Assert.Equal(0, arrivals);
        await site.UntilQuietAsync();
    }

    public static TheoryData<string, string, string> BrokenBodies => new()
    {
        { "Content-Length: 100\r\n\r\nhalf", "ends", "the connection ended within the answer's body" },
        { "Content-Length: 100\r\n\r\nhalf", "stalls", "its answer stands still" },
        { "Content-Length: 100000\r\n\r\nhalf", "resets", "the connection ended within the answer's body" },
        { "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "ends", "the connection ended within the answer's body" },
        { "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "stalls", "its answer stands still" },
        { "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "0\r\nX-Trailer", "the connection ended within the answer's body" },
        { "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "zz\r\n", "a chunk's size is not a number" },
        { "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "1\r\nabc\r\n", "a chunk does not end where its size says" },
    };

    /// <summary>A client must see that something is missing.</summary>
    [Theory]
    [MemberData(nameof(BrokenBodies))]
    public async Task A_body_that_breaks_off_never_looks_whole(string begin, string then, string cause)
    {
        foreach (var kind in new[] { "1.1", "1.1 trailers", "1.0", "2", "2 tls", "1.1 tls", "1.1 cache", "1.0 cache" })
        {
            using var member = new ScriptedMember();
            var tls = kind.EndsWith("tls", StringComparison.Ordinal);
            await using var site = await StartAsync(member, cluster => cluster with { IdleTimeout = Short, Retries = 0, Cache = kind.EndsWith("cache", StringComparison.Ordinal) }, tls: tls);
            Task<string> reading;
            if (kind.StartsWith('2') || tls)
            {
                reading = ReadAsync(site.Http(http2: kind[0] == '2'));
            }
            else
            {
                reading = ReadRawAsync(site, kind);
            }

            using var peer = await member.AcceptAsync();
            await peer.ReadHeadAsync();
            await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + begin);
            switch (then)
            {
                case "ends":
                    peer.EndSending();
                    break;
                case "stalls":
                    break;
                case "resets":
                    peer.Reset();
                    break;
                default:
                    await peer.SendAsync(then);
                    peer.EndSending();
                    break;
            }

            Assert.Equal("broken", await reading);
            var line = await site.UntilLoggedAsync("is cut off");
            Assert.Contains($"@m {member.Address}: {cause}", line, StringComparison.Ordinal);
            await site.UntilQuietAsync();
            Assert.Equal(0, site.Cluster.Members[0].Connections);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_leaves_has_the_members_connection_let_go(bool http2)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);

        // Before the answer, within its body, and within the upload.
        using (var away = new CancellationTokenSource())
        {
            var asking = site.Http(http2).GetAsync(new Uri("/1", UriKind.Relative), away.Token);
            using var peer = await member.AcceptAsync();
            await peer.ReadHeadAsync();
            Assert.Equal(1, site.Cluster.Members[0].InHand);
            await away.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
            await peer.UntilClosedAsync();
            await site.UntilQuietAsync();
        }

        using (var away = new CancellationTokenSource())
        {
            var asking = site.Http(http2).GetAsync(new Uri("/2", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, away.Token);
            using var peer = await member.AcceptAsync();
            await peer.ReadHeadAsync();
            await peer.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
            using (await asking)
            {
            }

            await peer.UntilClosedAsync();
            await site.UntilQuietAsync();
        }

        using (var away = new CancellationTokenSource())
        {
            using var upload = new PushedContent();
            var asking = site.Http(http2).PostAsync(new Uri("/3", UriKind.Relative), upload, away.Token);
            upload.Push("x");
            using var peer = await member.AcceptAsync();
            await peer.ReadHeadAsync();
            Assert.Equal("1\r\nx\r\n", await peer.ReadAsync(6));
            await away.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
            await peer.UntilClosedAsync(); // never with the last chunk
            await site.UntilQuietAsync();
        }

        // It is no fault of the member's.
        Assert.Equal((0L, "up", 0), site.Cluster.Members[0] is { } state ? (state.Failures, state.State, state.Connections) : default);
    }

    [Fact]
    public async Task A_member_that_leaves_within_an_upload_is_502_and_the_client_hears_it_at_once()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nbegin");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.ReadAsync(5);
        peer.Reset();
        Assert.Equal(502, (await client.ReadAsync())!.Status);
        Assert.Contains($"POST / gets 502: @m {member.Address}: the connection ended before an answer began (", await site.UntilLoggedAsync("gets 502"), StringComparison.Ordinal);
        await site.UntilQuietAsync();
    }

    /// <summary>The client is waited for just then, but it is not its fault.</summary>
    [Fact]
    public async Task An_http2_member_that_leaves_within_an_upload_is_502()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member, cluster => cluster with { Protocol = MemberProtocol.Http2 });
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nbegin");
        using var peer = await member.AcceptAsync();
        await peer.ReadThroughAsync("SM\r\n\r\n");
        await peer.SendAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 });
        await peer.ReadThroughAsync("begin");
        peer.Reset();
        Assert.Equal(502, (await client.ReadAsync())!.Status);
        Assert.Contains($"POST / gets 502: @m {member.Address}: ", await site.UntilLoggedAsync("gets 502"), StringComparison.Ordinal);
        await site.UntilQuietAsync();
        Assert.Equal(1, site.Cluster.Members[0].Failures);
    }

    [Fact]
    public async Task A_refusal_sent_before_the_member_leaves_within_an_upload_reaches_the_client()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nbegin");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.ReadAsync(5);
        await peer.SendAsync("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
        peer.EndSending();
        Assert.Equal((413, "big"), await client.ReadAsync() is { } answer ? (answer.Status, answer.Body) : default);
        await peer.UntilClosedAsync();
        await site.UntilQuietAsync();
    }

    [Fact]
    public async Task A_client_whose_upload_stands_still_gets_408_and_the_member_no_end()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member, tune: new TuneSettings { ResponseTimeout = TimeSpan.FromMilliseconds(500) });
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        Assert.Equal("5\r\nhello\r\n", await peer.ReadAsync(10));
        Assert.Equal(408, (await client.ReadAsync())!.Status);
        await peer.UntilClosedAsync();
        await site.UntilQuietAsync();
        Assert.Equal((0L, "up"), site.Cluster.Members[0] is { } state ? (state.Failures, state.State) : default);
    }

    [Fact]
    public async Task A_body_above_max_body_size_is_413_and_the_member_gets_no_end()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member, tune: new TuneSettings { MaxBodySize = 1000 });
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.ReadAsync(10);
        await client.SendAsync("400\r\n" + new string('x', 1024) + "\r\n");
        Assert.Equal(413, (await client.ReadAsync())!.Status);
        await peer.UntilClosedAsync();
        await site.UntilQuietAsync();
    }

    [Fact]
    public async Task A_silent_member_is_suspect_with_an_upload_too_once_it_has_all_of_it()
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.ReadAsync(4);
        await Task.Delay(1300, Cancellation); // longer than a member may be silent: but it is the client's turn
        Assert.False(site.Cluster.Members[0].Suspect);
        await client.SendAsync("o");
        await TestInstances.UntilAsync(() => site.Cluster.Members[0].Suspect, "the member to be suspect");
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(200, (await client.ReadAsync())!.Status);
        Assert.False(site.Cluster.Members[0].Suspect);
    }

    private static async Task<string> ReadAsync(HttpClient http)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri("/", UriKind.Relative), Cancellation);
            return await answer.Content.ReadAsStringAsync(Cancellation);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            return "broken";
        }
    }

    /// <summary>All that comes until the connection ends.</summary>
    private static async Task<string> ReadRawAsync(ProxySite site, string kind)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(site.Instance.Address, Cancellation);
        await client.SendAsync(
            Encoding.ASCII.GetBytes($"GET / HTTP/{kind[..3]}\r\nHost: a\r\n{(kind == "1.1 trailers" ? "TE: trailers\r\n" : "")}\r\n"), Cancellation);
        var all = new StringBuilder();
        var buffer = new byte[1000];
        var isReset = false;
        try
        {
            while (await client.ReceiveAsync(buffer, Cancellation) is > 0 and var count)
            {
                all.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (SocketException)
        {
            isReset = true;
        }

        var text = all.ToString();
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", text);
        var looksWhole = text.Contains("chunked", StringComparison.Ordinal) ? text.Contains("\r\n0\r\n", StringComparison.Ordinal)
            : text.Contains("Content-Length: 100", StringComparison.Ordinal) ? text.Length - text.IndexOf("\r\n\r\n", StringComparison.Ordinal) - 4 >= 100
            : !isReset;
        return looksWhole ? $"looks whole: {text}" : "broken";
    }
}
