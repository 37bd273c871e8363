using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Skitai.Configuration.Settings;
using Skitai.Engine.Tests.Hosting;
using Skitai.Engine.Tests.Proxy.Upstream;
using static Skitai.Engine.Tests.Proxy.Forwarding.ProxySite;
using Peer = Skitai.Engine.Tests.Proxy.Upstream.ScriptedMember.Peer;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

/// <summary>A request goes out again only where that can do no harm.</summary>
public sealed class RetryTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    public static TheoryData<string, string, string> Deaths => new()
    {
        { "POST", "ends", "ended before an answer began" },
        { "POST", "resets", "ended before an answer began" },
        { "POST", "begins", "ended within the answer's header section" },
        { "POST", "babbles", "does not begin as an HTTP answer" },
        { "PATCH", "ends", "ended before an answer began" },
        { "PROPFIND", "resets", "ended before an answer began" },
    };

    [Theory]
    [MemberData(nameof(Deaths))]
    public async Task What_may_have_been_done_is_not_done_again(string method, string how, string cause)
    {
        await using var first = new ActingMember((peer, _) => FailAsync(peer, how));
        await using var second = new ActingMember((peer, _) => FailAsync(peer, how));
        await using var site = await StartAsync([first.Address, second.Address]);
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync($"{method} /do HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        Assert.Equal(502, (await client.ReadAsync())!.Status);
        var line = await site.UntilLoggedAsync("gets 502");
        Assert.Contains($"{method} /do gets 502: @m 127.0.0.1:", line, StringComparison.Ordinal);
        Assert.Contains(cause, line, StringComparison.Ordinal);
        await site.UntilQuietAsync();
        Assert.Equal(1, first.Arrivals + second.Arrivals);
        Assert.Equal(1, site.Cluster.Members.Sum(member => member.Requests));
        Assert.Equal(1, site.Cluster.Members.Sum(member => member.Failures));
    }

    [Fact]
    public async Task A_post_that_is_not_answered_in_time_is_not_given_to_another()
    {
        await using var first = new ActingMember((_, _) => Task.Delay(Timeout.Infinite, Cancellation));
        await using var second = new ActingMember((_, _) => Task.Delay(Timeout.Infinite, Cancellation));
        await using var site = await StartAsync([first.Address, second.Address], cluster => cluster with { ResponseTimeout = TimeSpan.FromMilliseconds(300) });
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        Assert.Equal(504, (await client.ReadAsync())!.Status);
        Assert.Contains("no answer within the response timeout", await site.UntilLoggedAsync("POST / gets 504: @m 127.0.0.1:"), StringComparison.Ordinal);
        await site.UntilQuietAsync();
        Assert.Equal(1, first.Arrivals + second.Arrivals);
    }

    [Fact]
    public async Task A_post_answered_503_keeps_that_answer()
    {
        await using var first = new ActingMember((peer, _) => peer.SendAsync("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"));
        await using var second = new ActingMember((peer, _) => peer.SendAsync("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"));
        await using var site = await StartAsync([first.Address, second.Address]);
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(503, (await client.ReadAsync())!.Status);
        await site.UntilQuietAsync();
        Assert.Equal(1, first.Arrivals + second.Arrivals);
    }

    [Theory]
    [InlineData("GET", 0, "ends")]
    [InlineData("GET", 0, "resets")]
    [InlineData("GET", 0, "begins")]
    [InlineData("GET", 0, "babbles")]
    [InlineData("GET", 0, "503")]
    [InlineData("DELETE", 0, "ends")]
    [InlineData("PUT", 5, "ends")]
    [InlineData("PUT", 5, "503")]
    [InlineData("PUT", 65536, "resets")]
    [InlineData("PUT", -5, "ends")]
    [InlineData("PUT", -65536, "503")]
    [InlineData("DELETE", 5, "ends")]
    public async Task What_may_be_done_twice_goes_to_the_next_member_as_it_was(string method, int length, string how)
    {
        string? arrived = null;
        var size = Math.Abs(length);
        async Task TakeAsync(Peer peer, string head)
        {
            if (size > 0)
            {
                arrived = length > 0 ? await peer.ReadAsync(size) : await peer.ReadChunksAsync();
            }
        }

        var failed = 0;
        async Task ActAsync(Peer peer, string head)
        {
            await TakeAsync(peer, head);
            if (Interlocked.Increment(ref failed) == 1)
            {
                await FailAsync(peer, how);
            }
            else
            {
                await peer.SendAsync(Ok);
            }
        }

        await using var first = new ActingMember(ActAsync);
        await using var second = new ActingMember(ActAsync);
        await using var site = await StartAsync([first.Address, second.Address], cluster => cluster with { ResponseTimeout = TimeSpan.FromSeconds(5) });
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        var body = string.Concat(Enumerable.Range(0, size).Select(at => (char)('a' + (at % 26))));
        await client.SendAsync(length switch
        {
            0 => $"{method} / HTTP/1.1\r\nHost: a\r\n\r\n",
            > 0 => $"{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n{body}",
            _ => $"{method} / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n",
        });
        Assert.Equal((200, "ok"), await client.ReadAsync() is { } answer ? (answer.Status, answer.Body) : default);
        await site.UntilQuietAsync();
        Assert.Equal((1, 1), (first.Arrivals, second.Arrivals));
        Assert.Equal(size == 0 ? null : body, arrived);
    }

    [Theory]
    [InlineData(6, 10_000)]
    [InlineData(40, 1_000)]
    [InlineData(1, 65_536)]
    public async Task A_body_that_comes_in_pieces_goes_whole_to_the_next_member(int pieces, int length)
    {
        var bodies = new ConcurrentQueue<string>();
        var taken = new SemaphoreSlim(0);
        async Task ActAsync(Peer peer, string head)
        {
            var body = new StringBuilder();
            for (var piece = 0; piece < pieces; piece++)
            {
                while (body.Length < (piece + 1) * length)
                {
                    body.Append(await peer.ReadChunkAsync());
                }

                taken.Release();
            }

            await peer.ReadThroughAsync("0\r\n\r\n");
            bodies.Enqueue(body.ToString());
            await (bodies.Count == 1 ? FailAsync(peer, "ends") : peer.SendAsync(Ok));
        }

        await using var first = new ActingMember(ActAsync);
        await using var second = new ActingMember(ActAsync);
        await using var site = await StartAsync([first.Address, second.Address]);
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        var sent = "";
        for (var piece = 0; piece < pieces; piece++)
        {
            var bytes = string.Concat(Enumerable.Range(0, length).Select(at => (char)('a' + ((at + piece) % 26))));
            sent += bytes;
            await client.SendAsync($"{length:x}\r\n{bytes}\r\n");
            Assert.True(await taken.WaitAsync(ScriptedMember.Patience, Cancellation));
        }

        await client.SendAsync("0\r\n\r\n");
        Assert.Equal(200, (await client.ReadAsync())!.Status);
        Assert.Equal([sent, sent], bodies);
    }

    [Fact]
    public async Task A_put_of_more_than_is_kept_is_not_sent_again()
    {
        await using var first = new ActingMember((peer, _) => DropAsync(peer));
        await using var second = new ActingMember((peer, _) => DropAsync(peer));
        await using var site = await StartAsync([first.Address, second.Address]);
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + new string('x', 100_000));
        Assert.Equal(502, (await client.ReadAsync())!.Status);
        await site.UntilQuietAsync();
        Assert.Equal(1, first.Arrivals + second.Arrivals);

        static async Task DropAsync(Peer peer)
        {
            await peer.ReadAsync(100_000);
            peer.Dispose();
        }
    }

    /// <summary>While another member is waited for, the one that answered 503 gets others: one connection has to do.</summary>
    [Fact]
    public async Task A_503_kept_for_want_of_a_better_answer_keeps_no_connection()
    {
        string? holder = null;
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        async Task ActAsync(Peer peer, string head)
        {
            if (head.StartsWith("GET /hold ", StringComparison.Ordinal))
            {
                Volatile.Write(ref holder, peer.Socket.LocalEndPoint!.ToString());
                await held.Task;
            }

            await peer.SendAsync(
                Volatile.Read(ref holder) == peer.Socket.LocalEndPoint!.ToString() ? Ok : "HTTP/1.1 503 No\r\nContent-Length: 5\r\n\r\nnever");
        }

        await using var first = new ActingMember(ActAsync);
        await using var second = new ActingMember(ActAsync);
        await using var site = await StartAsync([first.Address, second.Address], cluster => cluster with { MaxConnections = 1, MaxFails = 100 });
        var holding = site.Http(false).GetStringAsync("/hold", Cancellation);
        await TestInstances.UntilAsync(() => first.Arrivals + second.Arrivals == 1, "the request that is held");
        var other = first.Arrivals == 0 ? first : second;
        var waiting = new List<Task<string>>();
        for (var count = 1; count <= 3; count++)
        {
            waiting.Add(site.Http(false).GetStringAsync("/", Cancellation));
            await TestInstances.UntilAsync(() => other.Arrivals == count && site.Cluster.Waiting == count, "another that waits");
        }

        held.SetResult();
        Assert.Equal("ok", await holding);
        Assert.All(await Task.WhenAll(waiting), static answer => Assert.Equal("ok", answer));
        Assert.Equal((1, 1), (first.Connections, second.Connections));
    }

    [Fact]
    public async Task A_503_too_large_to_be_kept_is_the_answer_when_no_other_member_has_room()
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var large = new string('x', 100_000);
        async Task ActAsync(Peer peer, string head)
        {
            if (head.StartsWith("GET /hold ", StringComparison.Ordinal))
            {
                await held.Task;
                await peer.SendAsync(Ok);
                return;
            }

            await peer.SendAsync($"HTTP/1.1 503 No\r\nContent-Length: {large.Length}\r\n\r\n{large}");
        }

        await using var first = new ActingMember(ActAsync);
        await using var second = new ActingMember(ActAsync);
        await using var site = await StartAsync([first.Address, second.Address], cluster => cluster with { MaxConnections = 1, MaxFails = 100 }, tune: new TuneSettings { ResponseTimeout = TimeSpan.FromSeconds(60) });
        var holding = site.Http(false).GetStringAsync("/hold", Cancellation);
        await TestInstances.UntilAsync(() => first.Arrivals + second.Arrivals == 1, "the request that is held");
        using var answer = await site.Http(false).GetAsync("/", Cancellation).WaitAsync(ScriptedMember.Patience, Cancellation);
        Assert.Equal((503, large), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation)));
        held.SetResult();
        Assert.Equal("ok", await holding);
    }

    [Theory]
    [InlineData("GET", false)]
    [InlineData("GET", true)]
    public async Task Nothing_is_retried_once_the_answer_has_begun(string method, bool http2)
    {
        await using var first = new ActingMember(BreakAsync);
        await using var second = new ActingMember(BreakAsync);
        await using var site = await StartAsync([first.Address, second.Address]);
        using var request = new HttpRequestMessage(new HttpMethod(method), "/") { Version = http2 ? HttpVersion.Version20 : HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await site.Http(http2).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.Equal(200, (int)answer.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => answer.Content.ReadAsStringAsync(Cancellation));
        await site.UntilQuietAsync();
        Assert.Equal(1, first.Arrivals + second.Arrivals);
        Assert.Contains("the connection ended within the answer's body; the answer to GET / is cut off", await site.UntilLoggedAsync("is cut off"), StringComparison.Ordinal);

        static async Task BreakAsync(Peer peer, string head)
        {
            await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
            peer.EndSending();
            await peer.UntilClosedAsync();
        }
    }

    [Fact]
    public async Task A_post_goes_to_the_next_member_when_the_first_cannot_be_connected_to()
    {
        var refusing = new ScriptedMember();
        var nobody = refusing.Address;
        refusing.Dispose();
        await using var second = new ActingMember(async (peer, _) =>
        {
            await peer.ReadAsync(5);
            await peer.SendAsync(Ok);
        });
        await using var site = await StartAsync([nobody, second.Address], cluster => cluster with { MaxFails = 100 });
        for (var round = 0; round < 8; round++)
        {
            using var client = await RawClient.ConnectAsync(site.Instance.Address);
            await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
            Assert.Equal(200, (await client.ReadAsync())!.Status);
        }

        Assert.Equal(8, second.Arrivals);
    }

    /// <summary>The member may have read it and died at it: nobody can tell (RFC 9110 section 9.2.2).</summary>
    [Theory]
    [InlineData("Content-Length: 5\r\n\r\nhello")]
    [InlineData("Content-Length: 0\r\n\r\n")]
    public async Task A_post_on_an_idle_connection_that_ends_is_not_repeated_and_the_member_stays_up(string rest)
    {
        var arrivals = 0;
        await using var member = new ActingMember(async (peer, head) =>
        {
            if (head.StartsWith("POST", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref arrivals);
                peer.Reset();
            }
            else
            {
                await peer.SendAsync(Ok);
            }
        });
        await using var site = await StartAsync([member.Address]);
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(200, (await client.ReadAsync())!.Status);
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\n{rest}");
        Assert.Equal(502, (await client.ReadAsync())!.Status);
        Assert.Equal(1, arrivals);
        Assert.Contains("the connection, which had been idle, ended before an answer began", await site.UntilLoggedAsync("gets 502"), StringComparison.Ordinal);
        await site.UntilQuietAsync();
        Assert.Equal("up", site.Cluster.Members[0].State);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "")]
    [InlineData("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "hello")]
    public async Task What_may_be_done_twice_goes_again_to_the_same_member_when_its_idle_connection_was_dead(string request, string body)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member);
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(Ok);
        Assert.Equal(200, (await client.ReadAsync())!.Status);
        await client.SendAsync(request);
        await peer.ReadHeadAsync();
        Assert.Equal(body, await peer.ReadAsync(body.Length));
        peer.Reset();
        using var next = await member.AcceptAsync();
        await next.ReadHeadAsync();
        Assert.Equal(body, await next.ReadAsync(body.Length));
        await next.SendAsync(Ok);
        Assert.Equal(200, (await client.ReadAsync())!.Status);
        await site.UntilQuietAsync();
        Assert.Equal(0, site.Cluster.Members[0].Failures);
    }

    /// <summary>What the member has closed while nothing was asked is noticed before anything is sent.</summary>
    [Fact]
    public async Task Posts_to_a_member_that_ends_every_connection_behind_its_answer_all_arrive_once()
    {
        var arrivals = 0;
        await using var member = new ActingMember(async (peer, head) =>
        {
            Interlocked.Increment(ref arrivals);
            await peer.ReadAsync(5);
            await peer.SendAsync(Ok);
            peer.EndSending(); // without having said so
        });
        await using var site = await StartAsync([member.Address]);
        using var client = await RawClient.ConnectAsync(site.Instance.Address);
        for (var round = 0; round < 20; round++)
        {
            await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
            Assert.Equal(200, (await client.ReadAsync())!.Status);
            await TestInstances.UntilAsync(() => site.Cluster.Members[0].Connections == 0, "the ended connection to be noticed");
        }

        Assert.Equal(20, arrivals);
    }

    [Fact]
    public async Task A_post_whose_http2_member_breaks_the_stream_off_is_not_sent_again()
    {
        var arrivals = 0;
        async Task BreakAsync(HttpContext context)
        {
            Interlocked.Increment(ref arrivals);
            await context.Request.Body.CopyToAsync(Stream.Null, Cancellation);
            context.Abort();
        }

        await using var first = await KestrelMember.StartAsync(BreakAsync);
        await using var second = await KestrelMember.StartAsync(BreakAsync);
        await using var site = await StartAsync([first.Address, second.Address], cluster => cluster with { Protocol = MemberProtocol.Http2 });
        using var content = new StringContent("hello");
        using var answer = await site.Http(http2: true).PostAsync(new Uri("/", UriKind.Relative), content, Cancellation);
        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        await site.UntilQuietAsync();
        Assert.Equal(1, arrivals);
    }

    /// <summary>It says that it did not look at the request: that may go again whatever its method, as long as its body is here.</summary>
    [Theory]
    [InlineData(5, true)]
    [InlineData(200_000, false)]
    public async Task A_post_that_an_http2_member_refuses_goes_again(int length, bool expected)
    {
        using var member = new ScriptedMember();
        await using var site = await StartAsync(member, cluster => cluster with { Protocol = MemberProtocol.Http2 });
        using var content = new StringContent(new string('x', length));
        var asking = site.Http(http2: false).PostAsync(new Uri("/", UriKind.Relative), content, Cancellation);
        using var peer = await member.AcceptAsync();
        await peer.ReadThroughAsync("SM\r\n\r\n");
        await peer.SendAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 });
        await peer.SendAsync(new byte[] { 0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 16, 0, 0 });
        var isRefused = false;
        int first = 0, second = 0;
        while (!asking.IsCompleted)
        {
            string header;
            try
            {
                header = await peer.ReadAsync(9).WaitAsync(TimeSpan.FromMilliseconds(500), Cancellation);
            }
            catch (TimeoutException)
            {
                break; // Nothing more is coming.
            }

            var size = (header[0] << 16) | (header[1] << 8) | header[2];
            await peer.ReadAsync(size);
            var (isData, isEnd, stream) = (header[3] == 0, (header[4] & 1) != 0, header[8]);
            if (!isData)
            {
                continue;
            }

            (stream == 1 ? ref first : ref second) += size;
            if (stream == 1 && !isRefused && (isEnd || first >= 65535))
            {
                isRefused = true;
                await peer.SendAsync((byte[])[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 7]);
            }
            else if (stream != 1 && isEnd)
            {
                await peer.SendAsync((byte[])[0, 0, 1, 1, 5, 0, 0, 0, (byte)stream, 0x88]);
            }
        }

        using var answer = await asking;
        Assert.Equal(expected ? HttpStatusCode.OK : HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal(expected ? length : 0, second);
        await site.UntilQuietAsync();
    }

    [Fact]
    public async Task A_large_post_is_counted_once_at_a_real_server_whatever_it_answers()
    {
        var arrivals = 0;
        await using var member = await KestrelMember.StartAsync(
            async context =>
            {
                Interlocked.Increment(ref arrivals);
                context.Response.StatusCode = 503;
                await context.Response.WriteAsync("no", Cancellation); // while the body still comes
            },
            HttpProtocols.Http1);
        await using var site = await StartAsync([member.Address]);
        using var content = new ByteArrayContent(new byte[3_000_000]);
        using var answer = await site.Http(http2: true).PostAsync(new Uri("/", UriKind.Relative), content, Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        await site.UntilQuietAsync();
        Assert.Equal(1, arrivals);
    }

    private static async Task FailAsync(Peer peer, string how)
    {
        switch (how)
        {
            case "ends":
                peer.EndSending();
                await peer.UntilClosedAsync();
                break;
            case "resets":
                peer.Reset();
                break;
            case "begins":
                await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-");
                peer.EndSending();
                await peer.UntilClosedAsync();
                break;
            case "babbles":
                await peer.SendAsync("220 mail.example ESMTP\r\n");
                await peer.UntilClosedAsync();
                break;
            default:
                await peer.SendAsync($"HTTP/1.1 {how} No\r\nContent-Length: 0\r\n\r\n");
                break;
        }
    }
}
