using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Skitai.Configuration.Settings;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Upstream.Http2;

/// <summary>The same promises as over HTTP/1.1, kept over HTTP/2.</summary>
public sealed class Http2ExchangeTests
{
    private static readonly ClusterSettings s_settings =
        new() { Name = "@test", Members = [], Protocol = MemberProtocol.Http2, IdleTimeout = TimeSpan.FromSeconds(10) };

    [Fact]
    public async Task A_request_arrives_as_it_was_put_together()
    {
        await using var member = await KestrelMember.StartAsync(async context =>
        {
            var feature = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!;
            context.Response.Headers.Append("Set-Cookie", "a=1");
            context.Response.Headers.Append("Set-Cookie", "b=2");
            await context.Response.WriteAsync($"{context.Request.Protocol} {context.Request.Host} {feature.RawTarget} {context.Request.Headers["X-Name"]} {context.Request.ContentType} {context.Request.Headers.TE}");
        });
        await using var connections = member.Connections(s_settings);
        var request = Exchanges.Get("/a/../b//%2e%2F?q=%20#x");
        request.TakesTrailers = true;
        request.Headers.Add("X-Name", "y");
        request.Headers.Add("Content-Type", "text/odd");
        await using var answer = await connections.StartAsync(request);
        Assert.Equal("HTTP/2 a.example /a/../b//%2e%2F?q=%20#x y text/odd trailers", await answer.ReadAllAsync());
        Assert.Equal(["a=1", "b=2"], answer.Headers.Lines.ToArray().Where(line => line.Name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase)).Select(line => line.Value));
        Assert.Equal((200, null), (answer.Status, answer.Reason));
        Assert.Equal(1, connections.Open);
    }

    [Fact]
    public async Task A_body_and_its_answer_flow_at_the_same_time_and_trailers_come_behind()
    {
        await using var member = await KestrelMember.StartAsync(async context =>
        {
            context.Response.DeclareTrailer("X-Sum");
            await context.Response.Body.FlushAsync();
            var buffer = new byte[1000];
            int count;
            while ((count = await context.Request.Body.ReadAsync(buffer)) > 0)
            {
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, count));
                await context.Response.Body.FlushAsync();
            }

            context.Response.AppendTrailer("X-Sum", "7");
        });
        await using var connections = member.Connections(s_settings);
        var body = new FedBody();
        await using var answer = await connections.StartAsync(Exchanges.Post(body));
        foreach (var piece in new[] { "one", "two", "three" })
        {
            body.Feed(piece);
            Assert.Equal(piece, Encoding.Latin1.GetString((await answer.ReadOnceAsync()).Span));
        }

        Assert.False(answer.TryRead(out _));
        body.End();
        Assert.Equal("", await answer.ReadAllAsync());
        Assert.Equal("7", answer.Trailers!.Find("x-sum"));
    }

    [Theory]
    [InlineData("HEAD", 200, 500L, 0L)]
    [InlineData("GET", 304, null, 0L)]
    [InlineData("GET", 204, null, 0L)]
    public async Task An_answer_without_a_body_has_none(string method, int status, long? announced, long length)
    {
        await using var member = await KestrelMember.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentLength = announced;
            return Task.CompletedTask;
        });
        await using var connections = member.Connections(s_settings);
        await using var answer = await connections.StartAsync(new MemberRequest { Method = method, Authority = "a" });
        Assert.Equal((status, length), (answer.Status, answer.BodyLength));
        Assert.Equal(announced?.ToString(), answer.Headers.Find("Content-Length"));
        Assert.Equal("", await answer.ReadAllAsync());
    }

    [Fact]
    public async Task An_answer_left_unread_and_a_body_left_unsent_leave_the_connection_to_others()
    {
        var aborted = new TaskCompletionSource();
        await using var member = await KestrelMember.StartAsync(async context =>
        {
            if (context.Request.Path == "/endless")
            {
                context.RequestAborted.Register(() => aborted.TrySetResult());
                while (!context.RequestAborted.IsCancellationRequested)
                {
                    await context.Response.Body.WriteAsync(new byte[1000]);
                }
            }
        });
        await using var connections = member.Connections(s_settings);
        var body = new FedBody();
        var answer = await connections.StartAsync(Exchanges.Post(body, "/endless"));
        Assert.NotEmpty((await answer.ReadOnceAsync()).ToArray());
        await answer.DisposeAsync();
        await answer.DisposeAsync();
        Assert.False(body.IsBeingRead);
        await aborted.Task.WaitAsync(ScriptedMember.Patience, ScriptedMember.Cancellation);
        Assert.Equal((200, ""), await connections.AskAsync());
        Assert.Equal(1, connections.Open);
    }

    [Fact]
    public async Task A_member_that_does_not_answer_in_time_is_given_up()
    {
        var arrived = new TaskCompletionSource();
        await using var member = await KestrelMember.StartAsync(context =>
        {
            arrived.TrySetResult();
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        var time = new FakeTimeProvider();
        await using var connections = member.Connections(s_settings, time, TimeSpan.FromSeconds(5));
        var asking = connections.StartAsync(Exchanges.Get());
        await arrived.Task.WaitAsync(ScriptedMember.Patience, ScriptedMember.Cancellation);
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.False(asking.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1.5)); // It began before it arrived.
        Assert.False((await asking.FailAsync(MemberFault.AnswerTimeout)).NeverLeft);
    }

    [Fact]
    public async Task An_answer_that_stands_still_is_given_up()
    {
        await using var member = await KestrelMember.StartAsync(async context =>
        {
            await context.Response.WriteAsync("hello");
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        var time = new FakeTimeProvider();
        await using var connections = member.Connections(s_settings, time);
        await using var answer = await connections.StartAsync(Exchanges.Get());
        Assert.Equal(5, (await answer.ReadOnceAsync()).Length);
        time.Advance(TimeSpan.FromMinutes(1));
        var reading = answer.ReadOnceAsync();
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(reading.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(MemberFault.Stalled, (await Assert.ThrowsAsync<MemberException>(() => reading)).Fault);
    }

    [Fact]
    public async Task What_breaks_off_is_an_error_and_not_an_end()
    {
        await using var member = await KestrelMember.StartAsync(async context =>
        {
            await context.Response.WriteAsync("hello");
            context.Abort();
        });
        await using var connections = member.Connections(s_settings);
        await using var answer = await connections.StartAsync(Exchanges.Get());
        Assert.Equal(MemberFault.BrokenOff, (await Assert.ThrowsAsync<MemberException>(answer.ReadAllAsync)).Fault);
    }

    [Fact]
    public async Task A_client_that_breaks_off_its_body_is_not_the_members_fault()
    {
        await using var member = await KestrelMember.StartAsync(context => context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted));
        await using var connections = member.Connections(s_settings);
        var body = new FedBody();
        body.Feed("begin");
        var asking = connections.StartAsync(Exchanges.Post(body));
        var fault = new RequestBodyException(new IOException("gone"));
        body.Fail(fault);
        Assert.Same(fault, await Assert.ThrowsAsync<RequestBodyException>(() => asking));
    }

    [Fact]
    public async Task A_request_that_is_given_up_says_so()
    {
        var arrived = new TaskCompletionSource();
        await using var member = await KestrelMember.StartAsync(context =>
        {
            arrived.TrySetResult();
            return Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        await using var connections = member.Connections(s_settings);
        using var cancellation = new CancellationTokenSource();
        var asking = connections.StartAsync(Exchanges.Get(), cancellation.Token);
        await arrived.Task.WaitAsync(ScriptedMember.Patience, ScriptedMember.Cancellation);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public async Task No_connection_is_upgraded()
    {
        await using var member = await KestrelMember.StartAsync(_ => Task.CompletedTask);
        await using var connections = member.Connections(s_settings);
        var request = Exchanges.Get();
        request.Upgrade = "websocket";
        Assert.True((await connections.StartAsync(request).FailAsync(MemberFault.BadAnswer)).NeverLeft);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("")]
    public async Task A_member_that_speaks_no_http2_gives_no_answer(string says)
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections(settings: s_settings);
        var asking = connections.StartAsync(Exchanges.Get());
        var peer = await member.AcceptAsync();
        await peer.ReadThroughAsync("SM\r\n\r\n");
        await peer.SendAsync(says);
        peer.EndSending();
        await Assert.ThrowsAsync<MemberException>(() => asking);
        peer.Dispose();
        await Exchanges.UntilAsync(() => connections.Open == 0, "the connection's end");
    }

    [Fact]
    public async Task A_stream_refused_again_and_again_never_left()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections(settings: s_settings);
        var asking = connections.StartAsync(Exchanges.Get());
        using var peer = await member.AcceptAsync();
        await peer.ReadThroughAsync("SM\r\n\r\n");
        await peer.SendAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 });
        while (!asking.IsCompleted)
        {
            string header;
            try
            {
                header = await peer.ReadAsync(9).WaitAsync(TimeSpan.FromMilliseconds(200), ScriptedMember.Cancellation);
            }
            catch (TimeoutException)
            {
                break; // Nothing more is coming: the request is to have failed.
            }

            await peer.ReadAsync((header[0] << 16) | (header[1] << 8) | header[2]);
            if (header[3] == 1)
            {
                await peer.SendAsync((byte[])[0, 0, 4, 3, 0, .. Encoding.Latin1.GetBytes(header[5..9]), 0, 0, 0, 7]);
            }
        }

        Assert.True((await asking.FailAsync(MemberFault.NoAnswer)).NeverLeft);
    }

    [Fact]
    public async Task A_stream_with_a_body_that_is_refused_never_left()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections(settings: s_settings);
        var body = FedBody.Of("hello");
        var asking = connections.StartAsync(Exchanges.Post(body));
        using var peer = await member.AcceptAsync();
        await peer.ReadThroughAsync("SM\r\n\r\n");
        await peer.SendAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 });
        await body.Asked;
        await peer.SendAsync(new byte[] { 0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 7 });
        var fault = await asking.FailAsync(MemberFault.NoAnswer);
        Assert.Equal((true, "it refused the stream"), (fault.NeverLeft, fault.Message));
    }

    [Fact]
    public async Task A_stream_that_is_reset_within_the_answer_is_told_from_a_lost_connection()
    {
        using var member = new ScriptedMember();
        await using var connections = member.Connections(settings: s_settings);
        var asking = connections.StartAsync(Exchanges.Get());
        using var peer = await member.AcceptAsync();
        await peer.ReadThroughAsync("SM\r\n\r\n");
        await peer.SendAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 });
        string frame;
        do
        {
            frame = await peer.ReadAsync(9);
            await peer.ReadAsync((frame[0] << 16) | (frame[1] << 8) | frame[2]);
        }
        while (frame[3] != 1); // the request's HEADERS

        await peer.SendAsync(new byte[] { 0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88 }); // :status 200
        await using var answer = await asking;
        await peer.SendAsync(new byte[] { 0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8 });
        var fault = await Assert.ThrowsAsync<MemberException>(() => answer.ReadAsync(ScriptedMember.Cancellation).AsTask());
        Assert.Equal(MemberFault.BrokenOff, fault.Fault);
        Assert.Matches("reset the stream.*CANCEL", fault.Message);
    }

    [Fact]
    public async Task A_member_that_is_not_there_cannot_be_connected_to()
    {
        var member = new ScriptedMember();
        await using var connections = member.Connections(settings: s_settings);
        member.Dispose();
        var fault = await connections.StartAsync(Exchanges.Get()).FailAsync(MemberFault.CannotConnect);
        Assert.True(fault.NeverLeft);
        Assert.Equal("cannot connect: connection refused", fault.Message);
        Assert.Equal(0, connections.Open);
    }

    [Fact]
    public async Task Disposal_lets_the_answer_under_way_come_to_its_end()
    {
        var go = new TaskCompletionSource();
        await using var member = await KestrelMember.StartAsync(async context =>
        {
            await context.Response.WriteAsync("hel");
            await go.Task;
            await context.Response.WriteAsync("lo");
        });
        var connections = member.Connections(s_settings);
        var answer = await connections.StartAsync(Exchanges.Get());
        await connections.DisposeAsync();
        Assert.Equal(1, connections.Open);
        go.SetResult();
        Assert.Equal("hello", await answer.ReadAllAsync());
        await answer.DisposeAsync();
        await Exchanges.UntilAsync(() => connections.Open == 0, "the connection's end");
    }
}
