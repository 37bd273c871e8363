namespace Skitai.Engine.Caching.Storage.Disk;

internal sealed class ObjectFill : IDisposable
{
    public ValueTask<bool> AppendAsync(ReadOnlyMemory<byte> bytes) => throw new NotSupportedException();
    public ValueTask ReadAsync(long offset, Memory<byte> into, CancellationToken cancellation) => throw new NotSupportedException();
    public void Dispose() { }
}
