using System.Buffers;
using Microsoft.Win32.SafeHandles;
using Skitai.Posix;

namespace Skitai.Engine.Apps;

/// <summary>
/// What of a request body came after its first frame, in a file without a name: nothing is left of it, however the
/// process ends, and no more of it is in memory than is under way.
/// </summary>
internal sealed class BodySpool(SafeFileHandle file, string directory) : IDisposable
{
    private readonly List<ReadOnlyMemory<byte>> _parts = [];

    /// <summary>Bytes in it.</summary>
    public long Length { get; private set; }

    /// <summary>Makes an empty one.</summary>
    /// <param name="directories">Where; the first that takes it.</param>
    /// <exception cref="BodySpoolException">None does.</exception>
    public static BodySpool Create(IReadOnlyList<string> directories)
    {
        var error = Errno.NoEntry;
        foreach (var directory in directories)
        {
            error = UnnamedFile.Create(directory, out var file);
            if (file is not null)
            {
                return new BodySpool(file, directory);
            }
        }

        throw new BodySpoolException(directories[^1], error);
    }

    /// <summary>Writes the next bytes.</summary>
    /// <exception cref="BodySpoolException">The disk is full or broken.</exception>
    public async ValueTask AppendAsync(ReadOnlySequence<byte> bytes)
    {
        try
        {
            if (bytes.IsSingleSegment)
            {
                await RandomAccess.WriteAsync(file, bytes.First, Length);
            }
            else
            {
                foreach (var part in bytes)
                {
                    _parts.Add(part);
                }

                await RandomAccess.WriteAsync(file, _parts, Length);
            }

            Length += bytes.Length;
        }
        catch (IOException error)
        {
            throw new BodySpoolException(directory, error);
        }
        finally
        {
            _parts.Clear();
        }
    }

    /// <summary>Sends all of it to the request's worker. Ends when that is done or <see cref="AppRequest.StopUpload"/> was called.</summary>
    /// <exception cref="BodySpoolException">The disk is broken.</exception>
    public async Task StreamAsync(AppRequest request)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Frame.MaxData);
        try
        {
            for (var sent = 0L; request.Upload == UploadState.None && !request.Ended;)
            {
                var count = request.TakeUploadCredit((int)Math.Min(Length - sent, Frame.MaxData));
                if (count == 0)
                {
                    await request.WaitForUploadNewsAsync(heldBack: false);
                    continue;
                }

                await ReadAsync(buffer.AsMemory(0, count), sent);
                sent += count;
                request.Worker?.SendData(request, buffer.AsSpan(0, count), end: sent == Length);
                if (sent == Length)
                {
                    request.EndUpload(UploadState.Done);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private async ValueTask ReadAsync(Memory<byte> into, long offset)
    {
        try
        {
            while (into.Length > 0)
            {
                var count = await RandomAccess.ReadAsync(file, into, offset);
                if (count == 0)
                {
                    throw new EndOfStreamException();
                }

                offset += count;
                into = into[count..];
            }
        }
        catch (IOException error)
        {
            throw new BodySpoolException(directory, error);
        }
    }
}
