namespace Skitai.Engine.Caching.Storage;

/// <summary>Reads a body, or a part of it, from its beginning to its end. For one reader; disposing of it gives its share back.</summary>
internal abstract class BodyReader : IDisposable
{
    /// <summary>The next bytes, good until the next call; empty = that was all. Waits, where the object is being filled, until there are some.</summary>
    /// <exception cref="BodyLostException">The rest cannot be had: the fill was given up, or the disk is broken.</exception>
    /// <exception cref="OperationCanceledException">Nobody wants it any more.</exception>
    public abstract ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation);

    /// <summary>As <see cref="ReadAsync"/>, but only what is in memory already.</summary>
    /// <param name="bytes">The bytes; empty = that was all.</param>
    /// <returns>False when it would have to wait, to read a file, or to fail.</returns>
    public abstract bool TryRead(out ReadOnlyMemory<byte> bytes);

    /// <inheritdoc/>
    public abstract void Dispose();
}
