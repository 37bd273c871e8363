using System.Buffers;

namespace Skitai.Engine.Caching.Storage;

/// <summary>Reads an object while it is being filled.</summary>
internal sealed class FillReader(FillingObject filling) : BodyReader
{
    private const int Piece = 64 * 1024;

    private byte[]? _buffer;
    private long _at;
    private bool _disposed;

    public override bool TryRead(out ReadOnlyMemory<byte> bytes)
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

    public override async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation)
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

            filling.Release();
        }
    }
}
