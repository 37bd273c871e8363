using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Skitai.Engine.Tests.Hosting.Transport;

/// <summary>A file of random bytes, open for reading, already unlinked.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public TemporaryFile(int length)
    {
        Bytes = RandomNumberGenerator.GetBytes(length);
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, Bytes);
        Handle = File.OpenHandle(path);
        File.Delete(path);
    }

    public byte[] Bytes { get; }

    public SafeFileHandle Handle { get; }

    public void Dispose() => Handle.Dispose();
}
