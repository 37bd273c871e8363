namespace Skitai.Engine.Proxy.Upstream;

/// <summary>A request's body on its way to a member.</summary>
internal abstract class MemberBody
{
    /// <summary>Its length in bytes; -1 = not known before its end.</summary>
    public abstract long Length { get; }

    /// <summary>The trailer section, once <see cref="ReadAsync"/> has told the end; null = none.</summary>
    public virtual HeaderList? Trailers => null;

    /// <summary>
    /// The next bytes, good until the next call; empty = that was all. The first call is what tells a client that waits for
    /// 100 Continue to send.
    /// </summary>
    /// <exception cref="RequestBodyException">The client's side of it failed: it is gone, too slow, or sent nonsense.</exception>
    public abstract ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation);

    /// <summary>Has it read from its beginning again. Only when nobody reads it.</summary>
    /// <returns>False when that cannot be done.</returns>
    public virtual bool TryRewind() => false;
}
