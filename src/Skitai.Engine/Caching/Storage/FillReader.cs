using System.Buffers;

namespace Skitai.Engine.Caching.Storage;

/// <summary>
/// Reads the body of an object while it is being filled, from its beginning to its end. For one who reads; disposing of it gives
/// its share back.
/// </summary>
internal sealed class FillReader(FillingObject filling) : IDisposable
{
    private const int Piece = 64 * 1024;

    private byte[]? _buffer;
    private long _at;
    private bool _disposed;

    /// <summary>As <see cref="ReadAsync"/>, but only what is in memory already.</summary>
    /// <param name="bytes">The bytes; empty = that was all.</param>
    /// <returns>False when it would have to wait, to read a file, or to fail.</returns>
    public bool TryRead(out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        FillView view;
        try
        {
            view = filling.Look(_at);
        }
        catch (BodyLostException)
        {
            return false;
        }

        if (view.File is not null || view.More is not null)
        {
            return false;
        }

        bytes = view.Bytes;
        _at += bytes.Length;
        return true;
    }

    /// <summary>The next bytes, good until the next call; empty = that was all. Waits until there are some.</summary>
    /// <exception cref="BodyLostException">The rest cannot be had: the fill was given up, or the disk is broken.</exception>
    /// <exception cref="OperationCanceledException">Nobody wants it any more.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var view = filling.Look(_at);
            if (view.More is not null)
            {
                await view.More.WaitAsync(cancellation);
                continue;
            }

            if (view.File is not null)
            {
                _buffer ??= ArrayPool<byte>.Shared.Rent(Piece);
                var wanted = (int)Math.Min(_buffer.Length, view.InFile);
                await view.File.ReadAsync(_at, _buffer.AsMemory(0, wanted), cancellation);
                _at += wanted;
                return _buffer.AsMemory(0, wanted);
            }

            _at += view.Bytes.Length;
            return view.Bytes;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            if (_buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = null;
            }

            filling.Release();
        }
    }
}
