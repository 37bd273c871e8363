using Microsoft.Extensions.Time.Testing;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Upstream.Http1;

/// <summary>Which connection a request goes over, and what happens when that one turns out to be dead.</summary>
public sealed class PoolTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

    [Fact]
    public async Task The_connection_used_last_is_used_next()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var first = connections.StartAsync(Exchanges.Get());
        using var peer1 = await member.AcceptAsync();
        var second = connections.StartAsync(Exchanges.Get());
        using var peer2 = await member.AcceptAsync();
        await peer1.SendAsync(Ok);
        await peer2.SendAsync(Ok);
        var answer1 = await first;
        var answer2 = await second;
        await answer2.ReadAllAsync();
        await answer2.DisposeAsync();
        await answer1.ReadAllAsync();
        await answer1.DisposeAsync();
        Assert.Equal(2, connections.Open);
        for (var i = 0; i < 3; i++)
        {
            await peer1.ReadHeadAsync();
            var asking = connections.AskAsync();
            await peer1.SendAsync(Ok);
            Assert.Equal((200, "hello"), await asking);
        }
    }

    [Theory]
    [InlineData("end")]
    [InlineData("reset")]
    [InlineData("bytes")]
    [InlineData("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n")]
    public async Task An_idle_connection_that_the_member_ends_or_talks_over_is_dropped_at_once(string how)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        using var peer = await AskOnceAsync(member, connections);
        switch (how)
        {
            case "end":
                peer.EndSending();
                break;
            case "reset":
                peer.Reset();
                break;
            default:
                await peer.SendAsync(how);
                break;
        }

        await Exchanges.UntilAsync(() => connections.Open == 0, "the connection to be dropped");
        using var next = await AskOnceAsync(member, connections);
    }

    [Theory]
    [InlineData("GET", true)]
    [InlineData("GET", false)]
    [InlineData("HEAD", true)]
    [InlineData("DELETE", true)]
    public async Task What_can_be_repeated_is_sent_again_when_the_idle_connection_was_dead(string method, bool isReset)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var peer = await AskOnceAsync(member, connections);
        var asking = connections.StartAsync(new MemberRequest { Method = method, Authority = "a" });
        await peer.ReadHeadAsync();
        End(peer, isReset);
        using var next = await member.AcceptAsync();
        Assert.StartsWith(method, await next.ReadHeadAsync(), StringComparison.Ordinal);
        await next.SendAsync(Ok);
        await using var answer = await asking;
        Assert.Equal(200, answer.Status);
    }

    [Fact]
    public async Task It_is_sent_again_once_only()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var peer = await AskOnceAsync(member, connections);
        var asking = connections.StartAsync(Exchanges.Get());
        await peer.ReadHeadAsync();
        peer.Dispose();
        var next = await member.AcceptAsync();
        await next.ReadHeadAsync();
        next.Dispose();
        Assert.False((await asking.FailAsync(MemberFault.NoAnswer)).NeverLeft);
        Assert.Equal(0, connections.Open);
    }

    [Fact]
    public async Task An_upgrade_is_not_repeated_for_it_may_have_begun_something()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var peer = await AskOnceAsync(member, connections);
        var asking = connections.StartAsync(new MemberRequest { Authority = "a", Upgrade = "websocket" });
        await peer.ReadHeadAsync();
        peer.Dispose();
        Assert.False((await asking.FailAsync(MemberFault.NoAnswer)).NeverLeft);
    }

    [Theory]
    [InlineData("POST", false)]
    [InlineData("POST", true)]
    [InlineData("PUT", true)]
    public async Task What_cannot_be_repeated_fails_instead(string method, bool hasBody)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var peer = await AskOnceAsync(member, connections);
        var asking = connections.StartAsync(new MemberRequest { Method = method, Authority = "a", Body = hasBody ? FedBody.Of("x") : null });
        await peer.ReadHeadAsync();
        peer.Dispose();
        Assert.False((await asking.FailAsync(MemberFault.NoAnswer)).NeverLeft);
        Assert.Equal(0, connections.Open);
    }

    [Fact]
    public async Task A_new_connection_that_ends_without_a_word_is_no_answer()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var asking = connections.StartAsync(Exchanges.Get());
        var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        peer.Dispose();
        Assert.False((await asking.FailAsync(MemberFault.NoAnswer)).NeverLeft);
    }

    [Fact]
    public async Task A_header_section_that_breaks_off_is_not_repeated()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var peer = await AskOnceAsync(member, connections);
        var asking = connections.StartAsync(Exchanges.Get());
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 200 OK\r\nCont");
        peer.Dispose();
        Assert.False((await asking.FailAsync(MemberFault.BrokenOff)).NeverLeft);
    }

    [Fact]
    public async Task A_member_that_is_not_there_cannot_be_connected_to()
    {
        var member = new ScriptedMember();
        await using var connections = member.Connections();
        member.Dispose();
        var fault = await connections.StartAsync(Exchanges.Get()).FailAsync(MemberFault.CannotConnect);
        Assert.True(fault.NeverLeft);
        Assert.Equal("cannot connect: connection refused", fault.Message);
        Assert.Equal(0, connections.Open);
    }

    [Fact]
    public async Task An_answer_left_unread_ends_its_connection()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var asking = connections.StartAsync(Exchanges.Get());
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
        var answer = await asking;
        await answer.DisposeAsync();
        await answer.DisposeAsync();
        Assert.Equal(0, connections.Open);
        await peer.UntilClosedAsync();
    }

    [Fact]
    public async Task An_answer_that_is_here_already_need_not_be_read()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var asking = connections.StartAsync(Exchanges.Get());
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(Ok);
        await (await asking).DisposeAsync();
        await connections.AskAgainAsync(peer);
    }

    [Fact]
    public async Task Disposing_of_an_answer_twice_does_no_harm_to_the_next()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var asking = connections.StartAsync(Exchanges.Get());
        using var peer = await member.AcceptAsync();
        await peer.SendAsync(Ok);
        var first = await asking;
        await first.ReadAllAsync();
        await first.DisposeAsync();
        asking = connections.StartAsync(Exchanges.Get());
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        await using var second = await asking;
        await first.DisposeAsync();
        await peer.SendAsync("world");
        Assert.Equal("world", await second.ReadAllAsync());
    }

    [Theory]
    [InlineData("", 30.5)]
    [InlineData("Keep-Alive: timeout=5, max=100\r\n", 4.5)]
    [InlineData("Keep-Alive: timeout=1\r\n", 1)]
    public async Task An_idle_connection_is_ended_before_the_member_does_it(string field, double seconds)
    {
        var time = new FakeTimeProvider();
        using var member = new ScriptedMember();
        await using var connections = member.Connections(time);
        using var peer = await AskOnceAsync(member, connections, field);
        Assert.Equal(1, connections.Open);
        for (var passed = 0.0; passed < seconds + 1.5; passed += 0.5)
        {
            time.Advance(TimeSpan.FromSeconds(0.5));
        }

        Assert.Equal(0, connections.Open);
        await peer.UntilClosedAsync();
    }

    [Fact]
    public async Task An_idle_connection_stays_while_its_time_is_not_over()
    {
        var time = new FakeTimeProvider();
        using var member = new ScriptedMember();
        await using var connections = member.Connections(time);
        using var peer = await AskOnceAsync(member, connections);
        time.Advance(TimeSpan.FromSeconds(29));
        await connections.AskAgainAsync(peer);
    }

    [Fact]
    public async Task Disposal_ends_idle_connections_now_and_the_others_behind_their_answers()
    {
        using var member = new ScriptedMember();
        var connections = member.Connections();
        var first = connections.StartAsync(Exchanges.Get());
        using var peer1 = await member.AcceptAsync();
        await peer1.ReadHeadAsync();
        using var peer2 = await AskOnceAsync(member, connections);
        Assert.Equal(2, connections.Open);
        await connections.DisposeAsync();
        await peer2.UntilClosedAsync();
        Assert.Equal(1, connections.Open);
        await peer1.SendAsync(Ok);
        var answer = await first;
        Assert.Equal("hello", await answer.ReadAllAsync());
        await answer.DisposeAsync();
        await peer1.UntilClosedAsync();
        Assert.Equal(0, connections.Open);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => connections.StartAsync(Exchanges.Get()));
    }

    [Fact]
    public async Task Many_requests_at_once_each_get_their_own_answer()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ScriptedMember.Cancellation);
        var serving = ServeAsync();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async loop =>
        {
            for (var i = 0; i < 50; i++)
            {
                Assert.Equal((200, $"/{loop}/{i}"), await connections.AskAsync(Exchanges.Get($"/{loop}/{i}")));
            }
        }));
        Assert.InRange(connections.Open, 1, 16);
        await connections.DisposeAsync();
        Assert.Equal(0, connections.Open);
        await stop.CancelAsync();
        await serving;

        async Task ServeAsync()
        {
            var peers = new List<Task>();
            try
            {
                while (true)
                {
                    peers.Add(AnswerAsync(await member.AcceptAsync().WaitAsync(stop.Token)));
                }
            }
            catch (OperationCanceledException)
            {
                await Task.WhenAll(peers);
            }
        }

        static async Task AnswerAsync(ScriptedMember.Peer peer)
        {
            using (peer)
            {
                try
                {
                    while (true)
                    {
                        var target = (await peer.ReadHeadAsync()).Split(' ')[1];
                        await peer.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {target.Length}\r\n\r\n{target}");
                    }
                }
                catch (Exception fault) when (fault is InvalidDataException or System.Net.Sockets.SocketException)
                {
                    // The pool has ended it.
                }
            }
        }
    }

    internal static async Task<ScriptedMember.Peer> AskOnceAsync(ScriptedMember member, MemberConnections connections, string fields = "")
    {
        var asking = connections.AskAsync();
        var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync($"HTTP/1.1 200 OK\r\n{fields}Content-Length: 5\r\n\r\nhello");
        Assert.Equal((200, "hello"), await asking);
        return peer;
    }

    private static void End(ScriptedMember.Peer peer, bool isReset)
    {
        if (isReset)
        {
            peer.Reset();
        }
        else
        {
            peer.Dispose();
        }
    }
}
