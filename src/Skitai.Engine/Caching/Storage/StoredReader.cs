using System.Buffers;

namespace Skitai.Engine.Caching.Storage;

/// <summary>Reads a complete object.</summary>
internal sealed class StoredReader(StoredObject stored, long offset, long length) : BodyReader
{
    private const int Piece = 128 * 1024;

    private byte[]? _buffer;
    private long _at = offset;
    private long _left = length;
    private bool _disposed;

    public override bool TryRead(out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        if (_left == 0)
        {
            return true;
        }

        if (stored.Memory is not { } memory)
        {
            return false;
        }

        bytes = memory.At(_at);
        if (bytes.Length > _left)
        {
            bytes = bytes[..(int)_left];
        }

        _at += bytes.Length;
        _left -= bytes.Length;
        return true;
    }

    public override ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation)
        => TryRead(out var bytes) ? ValueTask.FromResult(bytes) : ReadFileAsync(cancellation);

    public override void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            if (_buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = null;
            }

            stored.Release();
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadFileAsync(CancellationToken cancellation)
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent((int)Math.Min(Piece, _left));
        var wanted = (int)Math.Min(Math.Min(Piece, _buffer.Length), _left);
        if (!await stored.Disk!.ReadVerifiedAsync(_at, _buffer.AsMemory(0, wanted), cancellation))
        {
            throw new BodyLostException("the file of a cached object is damaged");
        }

        _at += wanted;
        _left -= wanted;
        return _buffer.AsMemory(0, wanted);
    }
}
