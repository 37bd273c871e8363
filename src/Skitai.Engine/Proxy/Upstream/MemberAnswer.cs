namespace Skitai.Engine.Proxy.Upstream;

/// <summary>
/// A member's answer: its header section is there, its body is to be read. Disposing of it gives the connection back, or
/// ends it when the body was not read to its end; that may be done at any time, and twice.
/// </summary>
internal abstract class MemberAnswer : IAsyncDisposable
{
    /// <summary>The status; 101 only for a request with <see cref="MemberRequest.Upgrade"/>.</summary>
    public abstract int Status { get; }

    /// <summary>The reason phrase; null = the status' own, or it was HTTP/2.</summary>
    public abstract string? Reason { get; }

    /// <summary>
    /// The end-to-end fields, without Connection and what it names, Keep-Alive, Transfer-Encoding, Trailer, Proxy- fields
    /// and, but for 101, Upgrade. Content-Length is here as it came. The caller's to change.
    /// </summary>
    public abstract HeaderList Headers { get; }

    /// <summary>The length of the body to be read; -1 = not known before its end; 0 = none (HEAD, 204, 304 included).</summary>
    public abstract long BodyLength { get; }

    /// <summary>
    /// Whether nobody can tell if the body was whole, once <see cref="ReadAsync"/> has told its end: it had no length, and the
    /// connection ended without TLS being ended (RFC 9112 section 9.8). Many a server ends so; clients take it for whole.
    /// </summary>
    public virtual bool MayBeCut => false;

    /// <summary>The trailer section, once <see cref="ReadAsync"/> has told the end; null = none.</summary>
    public abstract HeaderList? Trailers { get; }

    /// <summary>The next bytes of the body, good until the next call; empty = that was all.</summary>
    /// <exception cref="MemberException">The body cannot be had to its end.</exception>
    /// <exception cref="RequestBodyException">The answer had begun early, and then the client failed to send the rest of its request's body.</exception>
    /// <exception cref="OperationCanceledException">It was given up: the connection is ended.</exception>
    public abstract ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation);

    /// <summary>As <see cref="ReadAsync"/>, but only what is here already: an answer that came in one piece goes out in one.</summary>
    /// <param name="bytes">The bytes; empty = that was all.</param>
    /// <returns>False when it would have to wait, or to fail.</returns>
    public abstract bool TryRead(out ReadOnlyMemory<byte> bytes);

    /// <summary>From here on the body may stand still for that long, whatever idle_timeout says. Before the first read.</summary>
    /// <param name="idleTimeout">How long; zero = for ever.</param>
    public virtual void BePatient(TimeSpan idleTimeout)
    {
    }

    /// <summary>After 101: the connection itself, with what the member has sent behind its answer. Belongs to this answer.</summary>
    /// <exception cref="InvalidOperationException">The status is not 101.</exception>
    public abstract Stream TakeTunnel();

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
