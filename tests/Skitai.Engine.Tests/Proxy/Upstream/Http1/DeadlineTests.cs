using Microsoft.Extensions.Time.Testing;
using Skitai.Configuration.Settings;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Upstream.Http1;

/// <summary>How long is waited, and for whom.</summary>
public sealed class DeadlineTests
{
    private static readonly ClusterSettings s_settings = new() { Name = "@test", Members = [], IdleTimeout = TimeSpan.FromSeconds(10) };
    private static readonly TimeSpan s_responseTimeout = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 103 Early Hints\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nCont")]
    public async Task A_member_that_does_not_answer_in_time_is_given_up(string sent)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections(_time, s_settings, s_responseTimeout);
        var asking = connections.StartAsync(Exchanges.Get());
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync(sent);
        await PassAsync(TimeSpan.FromSeconds(4.8));
        Assert.False(asking.IsCompleted);
        while (!asking.IsCompleted)
        {
            await PassAsync(TimeSpan.FromSeconds(0.4));
        }

        Assert.False((await asking.FailAsync(MemberFault.AnswerTimeout)).NeverLeft);
        Assert.Equal(0, connections.Open);
        await peer.UntilClosedAsync();
    }

    [Fact]
    public async Task The_time_that_the_client_takes_for_its_body_is_not_the_members()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections(_time, s_settings, s_responseTimeout);
        var body = new FedBody(10);
        var asking = connections.StartAsync(Exchanges.Post(body));
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await PassAsync(TimeSpan.FromSeconds(60));
        body.Feed("01234");
        await peer.ReadAsync(5);
        await PassAsync(TimeSpan.FromSeconds(60));
        Assert.False(asking.IsCompleted);
        body.Feed("56789");
        await peer.ReadAsync(5);
        await Exchanges.UntilAsync(() => !body.IsBeingRead, "the body's end");
        while (!asking.IsCompleted)
        {
            await PassAsync(TimeSpan.FromSeconds(1));
        }

        await asking.FailAsync(MemberFault.AnswerTimeout);
    }

    [Fact]
    public async Task A_member_that_does_not_take_the_body_is_given_up()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections(_time, s_settings, s_responseTimeout);
        var body = new FedBody();
        for (var i = 0; i < 200; i++)
        {
            body.Feed(new byte[100_000]);
        }

        var asking = connections.StartAsync(Exchanges.Post(body));
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync(); // Else connecting would take that long.
        while (!asking.IsCompleted)
        {
            await PassAsync(TimeSpan.FromSeconds(1));
        }

        Assert.Equal("it does not take the request", (await asking.FailAsync(MemberFault.AnswerTimeout)).Message);
        Assert.Equal(0, connections.Open);
    }

    [Fact]
    public async Task An_answer_that_stands_still_is_given_up()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections(_time, s_settings, s_responseTimeout);
        var asking = connections.StartAsync(Exchanges.Get());
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
        await using var answer = await asking;
        Assert.Equal(5, (await answer.ReadOnceAsync()).Length);

        // While nobody waits for it, it may.
        await PassAsync(TimeSpan.FromSeconds(60));
        var reading = answer.ReadOnceAsync();
        await PassAsync(TimeSpan.FromSeconds(9));
        Assert.False(reading.IsCompleted);
        await peer.SendAsync("more");
        Assert.Equal(4, (await reading).Length);
        reading = answer.ReadOnceAsync();
        await PassAsync(TimeSpan.FromSeconds(9));
        Assert.False(reading.IsCompleted);
        while (!reading.IsCompleted)
        {
            await PassAsync(TimeSpan.FromSeconds(0.5));
        }

        var fault = await Assert.ThrowsAsync<MemberException>(() => reading);
        Assert.Equal(MemberFault.Stalled, fault.Fault);
    }

    [Fact]
    public async Task Zero_means_for_ever()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections(_time, s_settings with { IdleTimeout = TimeSpan.Zero }, TimeSpan.Zero);
        var asking = connections.AskAsync();
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await PassAsync(TimeSpan.FromHours(1));
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        await PassAsync(TimeSpan.FromHours(1));
        await peer.SendAsync("hello");
        Assert.Equal((200, "hello"), await asking);
    }

    [Fact]
    public async Task A_request_that_is_given_up_ends_its_connection()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        using var cancellation = new CancellationTokenSource();
        var asking = connections.StartAsync(Exchanges.Get(), cancellation.Token);
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.Equal(0, connections.Open);
        await peer.UntilClosedAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connections.StartAsync(Exchanges.Get(), cancellation.Token));
        Assert.Equal(0, connections.Open);
    }

    [Fact]
    public async Task A_read_that_is_given_up_ends_the_connection()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var asking = connections.StartAsync(Exchanges.Get());
        using var peer = await member.AcceptAsync();
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
        await using var answer = await asking;
        using var cancellation = new CancellationTokenSource();
        var reading = answer.ReadOnceAsync(cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        Assert.Equal(0, connections.Open);
    }

    [Fact]
    public async Task A_client_that_breaks_off_its_body_is_not_the_members_fault()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var body = new FedBody(100);
        body.Feed("begin");
        var asking = connections.StartAsync(Exchanges.Post(body));
        using var peer = await member.AcceptAsync();
        await peer.ReadHeadAsync();
        var fault = new RequestBodyException(new IOException("gone"));
        body.Fail(fault);
        Assert.Same(fault, await Assert.ThrowsAsync<RequestBodyException>(() => asking));
        Assert.Equal(0, connections.Open);
        await peer.UntilClosedAsync();
    }

    [Theory]
    [InlineData(3)]
    [InlineData(100)]
    public async Task A_body_of_another_length_than_announced_is_never_sent_as_whole(int announced)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections();
        var body = new FedBody(announced);
        body.Feed("begin");
        body.End();
        var asking = connections.StartAsync(Exchanges.Post(body));
        using var peer = await member.AcceptAsync();
        await Assert.ThrowsAsync<RequestBodyException>(() => asking);
        Assert.Equal(0, connections.Open);
        await peer.UntilClosedAsync();
    }

    /// <summary>Lets time pass in small steps, so that every tick happens.</summary>
    private async Task PassAsync(TimeSpan span)
    {
        var step = TimeSpan.FromTicks(Math.Max(span.Ticks / 50, TimeSpan.FromMilliseconds(50).Ticks));
        for (var passed = TimeSpan.Zero; passed < span; passed += step)
        {
            _time.Advance(step);
            await Task.Yield();
        }
    }
}
