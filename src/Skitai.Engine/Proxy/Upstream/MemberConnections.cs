namespace Skitai.Engine.Proxy.Upstream;

/// <summary>The connections to one member's address, whatever HTTP version it speaks. Safe for many requests at once.</summary>
internal abstract class MemberConnections : IAsyncDisposable
{
    /// <summary>Connections open now, idle ones included.</summary>
    public abstract int Open { get; }

    /// <summary>Sends a request and waits for the answer's header section. The answer is the caller's to dispose of.</summary>
    /// <param name="request">Not to be touched before the answer is disposed of or this has thrown.</param>
    /// <param name="cancellation">Gives it up: the connection is ended.</param>
    /// <exception cref="MemberException">The member's fault.</exception>
    /// <exception cref="RequestBodyException">The client's fault; the connection is ended.</exception>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public abstract ValueTask<MemberAnswer> SendAsync(MemberRequest request, CancellationToken cancellation);

    /// <summary>Ends idle connections now and the others when their answers are disposed of.</summary>
    public abstract ValueTask DisposeAsync();
}
