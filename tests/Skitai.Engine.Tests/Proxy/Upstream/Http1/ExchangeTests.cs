using System.Text;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Upstream.Http1;

/// <summary>What goes over the wire when all goes well.</summary>
public sealed class ExchangeTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

    [Fact]
    public async Task A_request_goes_out_as_it_was_put_together()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var request = Exchanges.Get("/a%20b?c");
        request.Headers.Add("X-Name", "sm\u00f8rrebr\u00f8d");
        request.Headers.Add("Accept", "*/*");
        var asking = connections.AskAsync(request);
        using var peer = await member.AcceptAsync();
        Assert.Equal(
            "GET /a%20b?c HTTP/1.1\r\nHost: a.example\r\nX-Name: sm\u00f8rrebr\u00f8d\r\nAccept: */*\r\n\r\n", await peer.ReadHeadAsync());
        await peer.SendAsync(Ok);
        Assert.Equal((200, "hello"), await asking);
    }

    [Theory]
    [InlineData("GET", false, null, "\r\n\r\n")]
    [InlineData("POST", false, null, "\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("DELETE", false, null, "\r\n\r\n")]
    [InlineData("GET", true, null, "\r\nTE: trailers\r\nConnection: TE\r\n\r\n")]
    [InlineData("GET", false, "websocket", "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")]
    [InlineData("GET", true, "x", "\r\nUpgrade: x\r\nConnection: Upgrade, TE\r\nTE: trailers\r\n\r\n")]
    public async Task The_connection_writes_the_fields_that_are_its_own(string method, bool takesTrailers, string? upgrade, string end)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var asking = connections.AskAsync(
            new MemberRequest { Method = method, Authority = "a", TakesTrailers = takesTrailers, Upgrade = upgrade });
        using var peer = await member.AcceptAsync();
        Assert.Equal($"{method} / HTTP/1.1\r\nHost: a{end}", await peer.ReadHeadAsync());
        await peer.SendAsync(Ok);
        await asking;
    }

    [Fact]
    public async Task A_member_that_answers_early_and_reads_no_more_does_not_hold_the_finished_answer_back()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var body = new FedBody(32 << 20);
        body.Feed(new byte[32 << 20]);
        var asking = connections.StartAsync(Exchanges.Post(body));
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
        var answer = await asking;
        Assert.Equal((413, "no"), (answer.Status, await answer.ReadAllAsync()));
        await answer.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), ScriptedMember.Cancellation); // idle_timeout is a minute
        Assert.Equal(0, connections.Open);
    }

    [Fact]
    public async Task Nobody_reads_the_requests_body_once_the_answer_is_disposed_of_though_a_read_of_it_waits()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var body = new FedBody();
        body.Feed("a");
        var asking = connections.StartAsync(Exchanges.Post(body));
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        var answer = await asking;
        Assert.Equal(5, (await answer.ReadOnceAsync()).Length);
        var reading = answer.ReadOnceAsync();
        await Exchanges.UntilAsync(() => body.IsBeingRead, "the body to be read");
        await answer.DisposeAsync();
        Assert.False(body.IsBeingRead);
        await Assert.ThrowsAsync<MemberException>(() => reading);
        Assert.Equal(0, connections.Open);
    }

    [Theory]
    [InlineData("a\r\nX: y")]
    [InlineData("a\nX: y")]
    [InlineData("a\0")]
    public async Task A_line_break_never_gets_into_a_request(string value)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var request = Exchanges.Get();
        request.Headers.Add("X-Bad", value);
        await Assert.ThrowsAsync<ArgumentException>(() => connections.StartAsync(request));
        Assert.Equal(0, connections.Open);
    }

    [Fact]
    public async Task A_body_of_known_length_follows_its_head()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var asking = connections.AskAsync(Exchanges.Post(FedBody.Of("some text")));
        using var peer = await member.AcceptAsync();
        Assert.EndsWith("\r\nContent-Length: 9\r\n\r\n", await peer.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("some text", await peer.ReadAsync(9));
        await peer.SendAsync(Ok);
        Assert.Equal((200, "hello"), await asking);
        await connections.AskAgainAsync(peer);
    }

    [Fact]
    public async Task A_body_of_unknown_length_goes_in_chunks_with_its_trailers()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var body = new FedBody();
        var asking = connections.AskAsync(Exchanges.Post(body));
        using var peer = await member.AcceptAsync();
        Assert.EndsWith("\r\nTransfer-Encoding: chunked\r\n\r\n", await peer.ReadHeadAsync(), StringComparison.Ordinal);
        body.Feed("some");
        Assert.Equal("4\r\nsome\r\n", await peer.ReadAsync(9));
        body.Feed(new string('x', 20000));
        Assert.Equal($"4000\r\n{new string('x', 0x4000)}\r\ne20\r\n{new string('x', 0xe20)}\r\n", await peer.ReadAsync(20000 + 15));
        var trailers = new HeaderList();
        trailers.Add("X-Sum", "1");
        body.End(trailers);
        Assert.Equal("0\r\nX-Sum: 1\r\n\r\n", await peer.ReadThroughAsync("\r\n\r\n"));
        await peer.SendAsync(Ok);
        Assert.Equal((200, "hello"), await asking);
        await connections.AskAgainAsync(peer);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(5_000_000)]
    public async Task A_large_body_arrives_whole_while_a_large_answer_comes(int length)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var sent = new byte[5_000_000];
        new Random(1).NextBytes(sent);
        var body = new FedBody(length);
        for (var at = 0; at < sent.Length; at += 50_000)
        {
            body.Feed(sent[at..(at + 50_000)]);
        }

        body.End();
        var asking = connections.StartAsync(Exchanges.Post(body));
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        await using var answer = await asking;
        var echo = length < 0 ? EchoChunksAsync() : EchoAsync();
        var reading = answer.ReadAllAsync();
        await echo;
        Assert.Equal(Encoding.Latin1.GetString(sent), await reading);
        await answer.DisposeAsync();
        await connections.AskAgainAsync(peer);

        async Task EchoAsync()
        {
            for (var at = 0; at < sent.Length; at += 40_000)
            {
                await peer.SendAsync($"9c40\r\n{await peer.ReadAsync(40_000)}\r\n");
            }

            await peer.SendAsync("0\r\n\r\n");
        }

        async Task EchoChunksAsync()
        {
            while (true)
            {
                var size = await peer.ReadThroughAsync("\r\n");
                var chunk = await peer.ReadAsync(int.Parse(size.Trim(), System.Globalization.NumberStyles.HexNumber) + 2);
                await peer.SendAsync(size + chunk);
                if (chunk == "\r\n")
                {
                    return;
                }
            }
        }
    }

    [Fact]
    public async Task An_early_answer_is_delivered_while_the_body_is_still_coming()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var body = new FedBody(100);
        body.Feed("begin");
        var asking = connections.StartAsync(Exchanges.Post(body));
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nmuch");
        var answer = await asking;
        Assert.Equal((413, "much"), (answer.Status, await answer.ReadAllAsync()));
        await answer.DisposeAsync();
        Assert.False(body.IsBeingRead);
        Assert.Equal(0, connections.Open);
        await peer.UntilClosedAsync();
    }

    [Fact]
    public async Task An_answer_sent_before_the_member_slammed_the_door_on_the_body_is_delivered()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var body = new FedBody();
        var asking = connections.StartAsync(Exchanges.Post(body));
        var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        peer.Dispose();
        body.Feed(new string('x', 100_000));
        body.Feed(new string('x', 100_000));
        body.End();
        await using var answer = await asking;
        Assert.Equal((400, "no"), (answer.Status, await answer.ReadAllAsync()));
    }

    [Fact]
    public async Task The_body_waits_for_100_Continue()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections(new Microsoft.Extensions.Time.Testing.FakeTimeProvider());
        var body = FedBody.Of("hello");
        var request = Exchanges.Post(body);
        request.ExpectsContinue = true;
        var asking = connections.AskAsync(request);
        using var peer = await member.AcceptAsync();
        Assert.EndsWith("\r\nExpect: 100-continue\r\n\r\n", await peer.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.False(body.Asked.IsCompleted);
        await peer.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
        Assert.Equal("hello", await peer.ReadAsync(5));
        await peer.SendAsync(Ok);
        Assert.Equal((200, "hello"), await asking);
        await connections.AskAgainAsync(peer);
    }

    [Fact]
    public async Task The_body_goes_after_a_second_to_a_member_that_knows_no_100_Continue()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        using var member = new ScriptedMember();
        await using var connections = member.Connections(time);
        var body = FedBody.Of("hello");
        var request = Exchanges.Post(body);
        request.ExpectsContinue = true;
        var asking = connections.AskAsync(request);
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        while (!body.Asked.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Delay(1, ScriptedMember.Cancellation);
        }

        Assert.Equal("hello", await peer.ReadAsync(5));
        await peer.SendAsync(Ok);
        Assert.Equal((200, "hello"), await asking);
    }

    [Fact]
    public async Task A_refusal_instead_of_100_Continue_leaves_the_body_unread()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections(new Microsoft.Extensions.Time.Testing.FakeTimeProvider());
        var body = FedBody.Of("hello");
        var request = Exchanges.Post(body);
        request.ExpectsContinue = true;
        var asking = connections.AskAsync(request);
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal((417, ""), await asking);
        Assert.False(body.Asked.IsCompleted);
        Assert.Equal(0, connections.Open);
        await peer.UntilClosedAsync();
    }

    [Fact]
    public async Task Interim_answers_are_handed_on_in_order()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var interim = new InterimLog();
        var request = Exchanges.Get();
        request.Interim = interim;
        var asking = connections.AskAsync(request);
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n" + Ok);
        Assert.Equal((200, "hello"), await asking);
        Assert.Equal(["102 ", "103 </a>", "103 </b>"], interim.Taken);
    }

    [Fact]
    public async Task After_101_bytes_go_both_ways()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var request = Exchanges.Get();
        request.Upgrade = "websocket";
        var asking = connections.StartAsync(request);
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nearly");
        var answer = await asking;
        Assert.Equal(101, answer.Status);
        Assert.Equal(["Upgrade", "Sec-WebSocket-Accept"], answer.Headers.Lines.ToArray().Select(line => line.Name));
        var tunnel = answer.TakeTunnel();
        var buffer = new byte[100];
        await tunnel.ReadExactlyAsync(buffer.AsMemory(0, 5), ScriptedMember.Cancellation);
        Assert.Equal("early"u8, buffer.AsSpan(0, 5));
        await tunnel.WriteAsync("up"u8.ToArray(), ScriptedMember.Cancellation);
        Assert.Equal("up", await peer.ReadAsync(2));
        await peer.SendAsync("down");
        await tunnel.ReadExactlyAsync(buffer.AsMemory(0, 4), ScriptedMember.Cancellation);
        Assert.Equal("down"u8, buffer.AsSpan(0, 4));
        peer.EndSending();
        Assert.Equal(0, await tunnel.ReadAsync(buffer, ScriptedMember.Cancellation));
        Assert.Equal(1, connections.Open);
        await answer.DisposeAsync();
        Assert.Equal(0, connections.Open);
    }

    private sealed class InterimLog : IInterimAnswers
    {
        public List<string> Taken { get; } = [];

        public async ValueTask TakeAsync(int status, HeaderList headers, CancellationToken cancellation)
        {
            await Task.Yield();
            Taken.Add($"{status} {headers.Find("link")}");
        }
    }
}
