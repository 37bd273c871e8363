using System.Text;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Upstream;

/// <summary>Short forms for the tests.</summary>
internal static class Exchanges
{
    public static MemberRequest Get(string target = "/") => new() { Target = target, Authority = "a.example" };

    public static MemberRequest Post(MemberBody body, string target = "/") => new() { Method = "POST", Target = target, Authority = "a.example", Body = body };

    public static Task<MemberAnswer> StartAsync(this MemberConnections connections, MemberRequest request, CancellationToken? cancellation = null) =>
        connections.SendAsync(request, cancellation ?? ScriptedMember.Cancellation).AsTask().WaitAsync(ScriptedMember.Patience);

    /// <summary>One read.</summary>
    public static Task<ReadOnlyMemory<byte>> ReadOnceAsync(this MemberAnswer answer, CancellationToken? cancellation = null) =>
        answer.ReadAsync(cancellation ?? ScriptedMember.Cancellation).AsTask().WaitAsync(ScriptedMember.Patience);

    public static async Task<string> ReadAllAsync(this MemberAnswer answer)
    {
        var text = new StringBuilder();
        while (true)
        {
            var bytes = await answer.ReadOnceAsync();
            if (bytes.IsEmpty)
            {
                return text.ToString();
            }

            text.Append(Encoding.Latin1.GetString(bytes.Span));
        }
    }

    /// <summary>Sends GET, reads the answer to its end and gives the connection back.</summary>
    public static async Task<(int Status, string Body)> AskAsync(this MemberConnections connections, MemberRequest? request = null)
    {
        await using var answer = await connections.StartAsync(request ?? Get());
        return (answer.Status, await answer.ReadAllAsync());
    }

    /// <summary>Asks once more, on the one connection there is.</summary>
    public static async Task AskAgainAsync(this MemberConnections connections, ScriptedMember.Peer peer)
    {
        Assert.Equal(1, connections.Open);
        var asking = connections.AskAsync(Get("/again"));
        Assert.StartsWith("GET /again HTTP/1.1\r\n", await peer.ReadHeadAsync(), StringComparison.Ordinal);
        await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain");
        Assert.Equal((200, "again"), await asking);
        Assert.Equal(1, connections.Open);
    }

    public static async Task<MemberException> FailAsync(this Task<MemberAnswer> sending, MemberFault fault)
    {
        var exception = await Assert.ThrowsAsync<MemberException>(() => sending);
        Assert.Equal(fault, exception.Fault);
        return exception;
    }

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var deadline = DateTime.UtcNow + ScriptedMember.Patience;
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < deadline, $"waited in vain for {what}");
            await Task.Delay(5, ScriptedMember.Cancellation);
        }
    }
}
