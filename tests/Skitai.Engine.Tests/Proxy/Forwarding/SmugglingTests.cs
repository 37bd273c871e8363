using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Skitai.Engine.Tests.Hosting;
using Skitai.Engine.Tests.Proxy.Upstream;
using static Skitai.Engine.Tests.Proxy.Forwarding.ProxySite;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>Never are two requests made of one, and no client gets an answer that is another's.</summary>
public sealed class SmugglingTests
{
    private const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

    public static TheoryData<string> Framings =>
    [
        "Content-Length: 36\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + Smuggled,
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n24\r\n" + Smuggled + "\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + Smuggled,
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + Smuggled,
        "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + Smuggled,
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + Smuggled,
        "Transfer-Encoding: xchunked\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "Transfer-Encoding: \u000bchunked\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "Transfer-Encoding : chunked\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "X: y\r\n\tContent-Length: 36\r\n\r\n" + Smuggled,
        "Transfer-Encoding:\r\n chunked\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "X: y\nTransfer-Encoding: chunked\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "X: y\rTransfer-Encoding: chunked\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "X\r\nTransfer-Encoding: chunked\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "X\0: y\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "X: y\0\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        ": y\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "Content-Length: 0\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "Content-Length: 36\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "Content-Length: 36, 36\r\n\r\n" + Smuggled,
        "Content-Length: +36\r\n\r\n" + Smuggled,
        "Content-Length: -36\r\n\r\n" + Smuggled,
        "Content-Length: 0x24\r\n\r\n" + Smuggled,
        "Content-Length: 3 6\r\n\r\n" + Smuggled,
        "Content-Length: 36a\r\n\r\n" + Smuggled,
        "Content-Length:\r\n\r\n" + Smuggled,
        "Content-Length: 99999999999999999999\r\n\r\n" + Smuggled,
        "Content_Length: 36\r\n\r\n" + Smuggled,
        "Connection: Content-Length\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n24\r\n" + Smuggled + "\r\n0\r\n\r\n",
        "Connection: Host\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "Transfer-Encoding: chunked\r\n\r\n24\n" + Smuggled + "\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0x24\r\n" + Smuggled + "\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n+24\r\n" + Smuggled + "\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-24\r\n" + Smuggled + "\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n ffffffffffffffff\r\n" + Smuggled,
        "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n" + Smuggled,
        "Transfer-Encoding: chunked\r\n\r\n100000000\r\n" + Smuggled,
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n" + Smuggled,
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n" + Smuggled,
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n" + Smuggled,
        "Transfer-Encoding: chunked\r\n\r\n\r\n" + Smuggled,
        "Transfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5;a=\"\r\nhello\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5;x=y;z\r\nhello\r\n0;last\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n z\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\nGET /smuggled HTTP/1.1\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\r\nX: \u0001\u0002\u007f\r\nA B: c\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 36\r\nTransfer-Encoding: chunked\r\nHost: b\r\n\r\n" + Smuggled,
        "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nContent-Length: 0\r\n\r\n" + Smuggled,
        "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "Expect: 100-continue\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "Expect: 100-continue, x\r\nContent-Length: 36\r\n\r\n" + Smuggled,
        "Content-Length: 5\r\n\r\nhello" + "garbage garbage\r\n\r\n",
    ];

    /// <summary>
    /// Whatever the client sends: the member gets as many requests as the proxy has counted, each one unambiguous, and it gets
    /// the smuggled one only if the client really asked for it, as a request of its own.
    /// </summary>
    [Theory]
    [MemberData(nameof(Framings))]
    public async Task What_can_be_read_in_two_ways_reaches_the_member_in_one_or_not_at_all(string rest)
    {
        await using var member = new RecordingMember();
        await using var site = await StartAsync([member.Address], tune: new Configuration.Settings.TuneSettings { ResponseTimeout = TimeSpan.FromMilliseconds(500) });
        foreach (var version in new[] { "1.1", "1.0" })
        {
            member.Heads.Clear();
            var before = site.Instance.GetStatus().Requests;
            string answers;
            using (var client = await site.ConnectAsync())
            {
                await client.SendAsync($"POST /first HTTP/{version}\r\nHost: a\r\n{rest}");
                client.EndSending();
                answers = await ReadAllAsync(client);
            }

            // Others are not disturbed: each gets its own answer.
            for (var round = 0; round < 3; round++)
            {
                using var other = await RawClient.ConnectAsync(site.Instance.Address);
                await other.SendAsync($"GET /other{round} HTTP/1.1\r\nHost: a\r\n\r\n");
                Assert.Equal($"GET /other{round} HTTP/1.1", (await other.ReadAsync())!.Body);
            }

            await site.UntilQuietAsync();
            Assert.Empty(member.Complaints);
            var seen = member.Lines.Count(line => line.Contains("/smuggled", StringComparison.Ordinal));
            var answered = answers.Split("GET /smuggled HTTP/1.1").Length - 1;
            Assert.True(seen == answered, $"the member has seen {seen} of what the client was answered {answered}: {answers}");
            Assert.True(member.Heads.Count <= site.Instance.GetStatus().Requests - before, "more requests than there were");
            Assert.All(member.Lines, line => Assert.True(line is "POST /first HTTP/1.1" or "GET /smuggled HTTP/1.1" || line.StartsWith("GET /other", StringComparison.Ordinal), line));
        }
    }

    public static TheoryData<string, string> Http2Fields => new()
    {
        { "transfer-encoding", "chunked" },
        { "content-length", "3" },
        { "content-length", "3, 3" },
        { "content-length", "036x" },
        { "connection", "close" },
        { "upgrade", "websocket" },
        { "host", "elsewhere" },
        { "te", "chunked" },
        { "x", "a\r\nGET /smuggled HTTP/1.1" },
        { "x", "a\nb: c" },
        { "x", "a\rb: c" },
        { "x", "a\0b" },
        { "x: y\r\nz", "a" },
        { "x\ny", "a" },
        { "x y", "a" },
        { "x:y", "a" },
        { "X-Upper", "a" },
        { "", "a" },
        { ":path", "/second" },
        { ":path!", "/ HTTP/1.1\r\nHost: a\r\n\r\nGET /smuggled" },
        { ":path!", "/?a HTTP/1.1 b" },
        { ":path!", "/a b" },
        { ":path!", "smuggled" },
        { ":path!", "//smuggled" },
        { ":path!", "/\u00e9" },
        { ":path!", "/?x\ty" },
        { ":path!", "/#smuggled" },
        { ":method!", "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\nGET" },
        { ":method!", "GET /smuggled" },
        { ":method!", "" },
        { ":authority!", "a\r\nX: y" },
        { ":authority!", "a b" },
        { ":authority!", "a/../b" },
        { ":authority!", "u@a" },
        { ":scheme!", "http://a/smuggled?" },
    };

    [Theory]
    [MemberData(nameof(Http2Fields))]
    public async Task Http2_can_say_nothing_that_becomes_another_request(string name, string value)
    {
        await using var member = new RecordingMember();
        await using var site = await StartAsync([member.Address]);
        using (var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            await client.ConnectAsync(site.Instance.Address, Cancellation);
            List<(string, string)> fields = [(":method", "POST"), (":scheme", "http"), (":path", "/first"), (":authority", "a")];
            if (name.EndsWith('!'))
            {
                fields[fields.FindIndex(field => field.Item1 == name[..^1])] = (name[..^1], value);
            }
            else
            {
                fields.Add((name, value));
            }

            await client.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), Cancellation);
            await client.SendAsync(Frame(4, 0, 0, []), Cancellation);
            await client.SendAsync(Frame(1, 4, 1, [.. fields.SelectMany(field => Literal(field.Item1, field.Item2))]), Cancellation);
            await client.SendAsync(Frame(0, 1, 1, Encoding.Latin1.GetBytes(Smuggled)), Cancellation);

            // A stream that comes behind it says that the first one is dealt with, or the connection is ended.
            await client.SendAsync(Frame(6, 0, 0, new byte[8]), Cancellation);
            client.Shutdown(SocketShutdown.Send);
            var buffer = new byte[4096];
            try
            {
                while (await client.ReceiveAsync(buffer, Cancellation).AsTask().WaitAsync(ScriptedMember.Patience, Cancellation) > 0)
                {
                }
            }
            catch (SocketException)
            {
            }
        }

        await site.UntilQuietAsync();
        using var other = await RawClient.ConnectAsync(site.Instance.Address);
        await other.SendAsync("GET /other HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal("GET /other HTTP/1.1", (await other.ReadAsync())!.Body);
        Assert.Empty(member.Complaints);
        Assert.True(member.Heads.Count <= 2);
        Assert.DoesNotContain(member.Lines, line => line == "GET /smuggled HTTP/1.1");
    }

    public static TheoryData<string, string> Surpluses => new()
    {
        { "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nrightEVIL" },
        { "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nrightHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL" },
        { "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nright\r\n0\r\n\r\nEVIL" },
        { "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nright\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL" },
        { "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL" },
        { "GET", "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL" },
        { "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nEVIL" },
        { "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nEVIL" },
        { "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL" },
        { "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" },
    };

    [Theory]
    [MemberData(nameof(Surpluses))]
    public async Task What_a_member_sends_too_much_is_nobodys_answer(string method, string answer)
    {
        foreach (var late in new[] { false, true })
        {
            using var member = new ScriptedMember();
            await using var site = await StartAsync(member);
            using var first = await site.ConnectAsync();
            await first.SendAsync($"{method} /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            using var peer = await member.AcceptAsync();
            await peer.ReadHeadAsync();
            var evil = answer.IndexOf("EVIL", StringComparison.Ordinal);
            var cut = late ? (answer.LastIndexOf("HTTP/1.1", StringComparison.Ordinal) is > 0 and var at ? at : evil) : answer.Length;
            await peer.SendAsync(answer[..cut]);
            var got = late && cut < answer.Length ? await ReadLateAsync(first, peer, answer[cut..]) : await ReadAllAsync(first);
            Assert.DoesNotContain("EVIL", got, StringComparison.Ordinal);
            await peer.UntilClosedAsync(); // never used again
            using var second = await RawClient.ConnectAsync(site.Instance.Address);
            await second.SendAsync("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
            using var next = await member.AcceptAsync();
            Assert.StartsWith("GET /2 ", await next.ReadHeadAsync());
            await next.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo");
            Assert.Equal("two", (await second.ReadAsync())!.Body);
        }

        static async Task<string> ReadLateAsync(ScriptedMember.Peer client, ScriptedMember.Peer member, string rest)
        {
            var got = await ReadAllAsync(client);
            try
            {
                await member.SendAsync(rest);
            }
            catch (SocketException)
            {
                // Closed already.
            }

            return got;
        }
    }

    /// <summary>Requests that come in one piece are answered in their order, though they go to several connections.</summary>
    [Fact]
    public async Task Pipelined_requests_get_their_own_answers_in_order()
    {
        await using var member = new RecordingMember();
        await using var site = await StartAsync([member.Address]);
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync(string.Concat(Enumerable.Range(0, 50).Select(number =>
            number % 3 == 0 ? $"POST /{number} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
            : number % 3 == 1 ? $"PUT /{number} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            : $"GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n")));
        for (var number = 0; number < 50; number++)
        {
            Assert.Contains($" /{number} ", (await client.ReadAsync())!.Body, StringComparison.Ordinal);
        }

        Assert.Equal(50, member.Heads.Count);
        Assert.Empty(member.Complaints);
    }

    private static async Task<string> ReadAllAsync(ScriptedMember.Peer client)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await client.Socket.ReceiveAsync(buffer, SocketFlags.None, Cancellation).AsTask().WaitAsync(ScriptedMember.Patience, Cancellation) is > 0 and var count)
            {
                text.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (SocketException)
        {
            // A reset is an end, too.
        }

        return text.ToString();
    }

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    /// <summary>A literal field without indexing (RFC 7541 section 6.2.2).</summary>
    private static byte[] Literal(string name, string value) =>
        [0, (byte)name.Length, .. Encoding.Latin1.GetBytes(name), (byte)value.Length, .. Encoding.Latin1.GetBytes(value)];
}
