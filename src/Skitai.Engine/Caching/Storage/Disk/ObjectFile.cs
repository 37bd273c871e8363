#pragma warning disable CA1822 // the disk tier comes next
using Microsoft.Win32.SafeHandles;

namespace Skitai.Engine.Caching.Storage.Disk;

internal sealed class ObjectFile(SafeFileHandle handle) : IDisposable
{
    public SafeFileHandle Handle => handle;
    public long BodyOffset => 0;
    public long BodyLength => 0;
    public bool IsVerified(long offset, long length) => throw new NotSupportedException();
    public ValueTask<bool> VerifyAsync(long offset, long length, CancellationToken cancellation) => throw new NotSupportedException();
    public ValueTask<bool> ReadVerifiedAsync(long offset, Memory<byte> into, CancellationToken cancellation) => throw new NotSupportedException();
    public void Dispose() => handle.Dispose();
}
