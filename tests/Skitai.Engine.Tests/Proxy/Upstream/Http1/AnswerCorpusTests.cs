using System.Net.Sockets;
using System.Text;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Upstream.Http1;

/// <summary>Answers as bytes, and what becomes of them. This is where a member could smuggle one answer into another.</summary>
public sealed class AnswerCorpusTests
{
    public static TheoryData<string, string, int, string, bool> Good => new()
    {
        // method, answer, status, body, whether the connection stays
        { "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true },
        { "GET", "HTTP/1.1 200 OK\r\ncontent-length:5  \r\n\r\nhello", 200, "hello", true },
        { "GET", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", 200, "hello", true },
        { "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true },
        { "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", true },
        { "GET", "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", 200, "x", true },
        { "GET", "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", 200, "x", true },
        { "GET", "HTTP/1.1 799 Odd\r\nContent-Length: 1\r\n\r\nx", 799, "x", true },
        { "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, "hello", true },
        { "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nh\r\n00004\r\nello\r\n000\r\n\r\n", 200, "hello", true },
        { "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b;c=\"d e\"\r\nhello\r\n0;x\r\nX-T: 1\r\n\r\n", 200, "hello", true },
        { "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", 200, "01234567890123456789", true },
        { "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true },
        { "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", 304, "", true },
        { "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 200, "", true },
        { "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, "", true },
        { "HEAD", "HTTP/1.1 200 OK\r\n\r\n", 200, "", true },
        { "GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello", 200, "hello", true },
        { "GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true },
        { "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: Keep-Alive, close\r\n\r\nhello", 200, "hello", false },
        { "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, "", false },
        { "GET", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", 204, "", false },
        { "GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false },
        { "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n", 200, "hello", false },
        { "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "", false },
    };

    [Theory]
    [MemberData(nameof(Good))]
    public async Task An_answer_is_understood_in_one_piece_and_byte_by_byte(string method, string answer, int status, string body, bool stays)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        foreach (var isWhole in new[] { true, false })
        {
            var asking = connections.AskAsync(new MemberRequest { Method = method, Authority = "a" });
            using var peer = await member.AcceptAsync();
            await peer.ReadHeadAsync();
            if (isWhole)
            {
                await peer.SendAsync(answer);
            }
            else
            {
                try
                {
                    foreach (var character in answer)
                    {
                        await peer.SendAsync(character.ToString());
                    }
                }
                catch (SocketException) when (!stays)
                {
                    // What is too much is not waited for.
                }
            }

            Assert.Equal((status, body), await asking);
            if (stays)
            {
                await connections.AskAgainAsync(peer);
                peer.Dispose();
            }

            await Exchanges.UntilAsync(() => connections.Open == 0, "the connection's end");
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")]
    public async Task A_body_without_a_length_ends_with_the_connection(string head)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var asking = connections.AskAsync();
        var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(head + "hel");
        await peer.SendAsync("lo");
        peer.Dispose();
        Assert.Equal((200, "hello"), await asking);
        Assert.Equal(0, connections.Open);
    }

    [Theory]
    // The status line.
    [InlineData("\r\nHTTP/1.1 200 OK\r\n\r\n")]
    [InlineData(" HTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("HTTP/2 200\r\n\r\n")]
    [InlineData("HTTP/2.0 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1  200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1\t200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 20 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 099 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 2x0 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 +20 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 O\0K\r\n\r\n")]
    [InlineData("HTTP/1.1 200 O\rK\r\n\r\n")]
    [InlineData("HTTP/1.x 200 OK\r\n\r\n")]
    [InlineData("http/1.1 200 OK\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2")]
    [InlineData("\u0015\u0003\u0001\0\u0002\u0002\u0046")]
    // Field lines.
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length\t: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\n Content-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nX: a\r\n\tContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nX\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nX Y: x\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nX\0: x\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nX\u00e9: x\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nX: a\rContent-Length: 3\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nX: a\r\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nX: a\u007f\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nX: \u001b[2J\r\nContent-Length: 5\r\n\r\nhello")]
    // Content-Length.
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: \u00b25\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\nhello")]
    // Transfer-Encoding.
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    // Nobody asked.
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")]
    public async Task What_could_be_read_in_two_ways_is_no_answer(string answer)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var asking = connections.StartAsync(Exchanges.Get());
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(answer);
        Assert.False((await asking.FailAsync(MemberFault.BadAnswer)).NeverLeft);
        Assert.Equal(0, connections.Open);
        await peer.UntilClosedAsync();
    }

    [Theory]
    [InlineData("x\r\n")]
    [InlineData("\r\n")]
    [InlineData(" 5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5\nhello\r\n0\r\n\r\n")]
    [InlineData("5\rhello\r\n0\r\n\r\n")]
    [InlineData("0x5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("+5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("-5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5\r\nhello0\r\n\r\n")]
    [InlineData("5\r\nhello\n0\r\n\r\n")]
    [InlineData("4\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;\n\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5;a\0\r\nhello\r\n0\r\n\r\n")]
    [InlineData("8000000000000000\r\nhello")]
    [InlineData("10000000000000005\r\nhello\r\n0\r\n\r\n")]
    [InlineData("5\r\nhello\r\n0\r\nX Y: x\r\n\r\n")]
    [InlineData("5\r\nhello\r\n0\r\n X: x\r\n\r\n")]
    [InlineData("5\r\nhello\r\n0\r\nX: a\0b\r\n\r\n")]
    [InlineData("5\r\nhello\r\n0\r\nnonsense\r\n\r\n")]
    public async Task What_is_not_the_chunked_coding_ends_the_body_with_an_error(string body)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var asking = connections.StartAsync(Exchanges.Get());
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
        await using var answer = await asking;
        Assert.Equal(MemberFault.BadAnswer, (await Assert.ThrowsAsync<MemberException>(answer.ReadAllAsync)).Fault);
        await Assert.ThrowsAsync<MemberException>(answer.ReadAllAsync);
        Assert.False(answer.TryRead(out _));
        await answer.DisposeAsync();
        Assert.Equal(0, connections.Open);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n", 'X')]
    [InlineData("HTTP/1.1 200 OK\r\nX: ", 'x')]
    [InlineData("HTTP/1.1 200 ", 'x')]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", 'x')]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", '0')]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", 'x')]
    public async Task What_has_no_end_is_given_up(string begin, char rest)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var asking = connections.AskAsync();
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(begin);
        var sending = peer.SendAsync(new string(rest, 200_000));
        Assert.Equal(MemberFault.BadAnswer, (await Assert.ThrowsAsync<MemberException>(() => asking)).Fault);
        Assert.Equal(0, connections.Open);
        await sending.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [Fact]
    public async Task A_member_cannot_keep_a_client_waiting_with_interim_answers()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var asking = connections.StartAsync(Exchanges.Get());
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(new StringBuilder().Insert(0, "HTTP/1.1 102 Processing\r\n\r\n", 101).ToString());
        await asking.FailAsync(MemberFault.BadAnswer);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n")]
    public async Task A_body_that_breaks_off_is_an_error_and_not_an_end(string answer)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var asking = connections.AskAsync();
        var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(answer);
        peer.Dispose();
        Assert.Equal(MemberFault.BrokenOff, (await Assert.ThrowsAsync<MemberException>(() => asking)).Fault);
        Assert.Equal(0, connections.Open);
    }

    [Fact]
    public async Task Only_what_is_meant_for_the_client_is_in_the_headers()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var asking = connections.StartAsync(Exchanges.Get());
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(
            "HTTP/1.1 200 Fine\r\nSet-Cookie: a=1\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\n"
            + "Proxy-Authenticate: x\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\nset-cookie:\tb=2\t\r\nX-Empty:\r\nX-Latin: \u00e9\r\n\r\n"
            + "1\r\nx\r\n0\r\nX-T: t\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n");
        await using var answer = await asking;
        Assert.Equal((200, "Fine", -1L), (answer.Status, answer.Reason, answer.BodyLength));
        Assert.Equal(
            [new Header("Set-Cookie", "a=1"), new Header("set-cookie", "b=2"), new Header("X-Empty", ""), new Header("X-Latin", "\u00e9")],
            answer.Headers.Lines.ToArray());
        Assert.Equal("x", await answer.ReadAllAsync());
        Assert.Equal([new Header("X-T", "t")], answer.Trailers!.Lines.ToArray());
    }

    [Fact]
    public async Task The_answers_of_one_connection_do_not_get_mixed_up()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        ScriptedMember.Peer? peer = null;
        foreach (var (status, fields) in new (string, string)[]
        {
            ("200 OK", "A: 1\r\nB: 2\r\n"), ("200 OK", "A: 1\r\nB: 3\r\n"), ("201 Created", "B: 2\r\nA: 1\r\n"), ("201 Made", "A: 1\r\n"),
            ("200 OK", "A: 1\r\nB: 2\r\nC: 3\r\n"), ("200 OK", "A: 1\r\nB: 2\r\nConnection: C\r\nC: 3\r\n"), ("200 OK", ""),
        })
        {
            var asking = connections.StartAsync(Exchanges.Get());
            peer ??= await member.AcceptAsync();
            await peer.ReadHeadAsync();
            await peer.SendAsync($"HTTP/1.1 {status}\r\n{fields}Content-Length: 0\r\n\r\n");
            await using var answer = await asking;
            Assert.Equal(int.Parse(status[..3]), answer.Status);
            Assert.Equal(status.EndsWith("Made", StringComparison.Ordinal) ? "Made" : null, answer.Reason);
            var expected = fields.Contains("Connection", StringComparison.Ordinal) ? "A: 1\r\nB: 2\r\n" : fields;
            Assert.Equal(
                expected + "Content-Length: 0\r\n", string.Concat(answer.Headers.Lines.ToArray().Select(line => $"{line.Name}: {line.Value}\r\n")));
        }

        peer!.Dispose();
    }
}
