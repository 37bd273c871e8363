using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Skitai.Engine.Hosting.Transport;
using Skitai.Engine.Logging;

namespace Skitai.Engine.Hosting;

/// <summary>
/// Sends bodies that are there already, a file's bytes above all, at the client's pace and in bounded memory. The
/// header section is complete, Content-Length included, when these are called.
/// </summary>
/// <param name="patience">A client that takes nothing for so long is cut off.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Hears of files that became shorter.</param>
internal sealed partial class FileSender(TimeSpan patience, TimeProvider time, ILogger logger)
{
    /// <summary>From here on sendfile is cheaper than a copy.</summary>
    private const long KernelFrom = 32 * 1024;

    /// <summary>Given to the kernel at a time, for a pipe writer counts in ints.</summary>
    private const int KernelPart = 16 * 1024 * 1024;

    /// <summary>
    /// Sends a part of a file. A client that leaves ends it quietly; a file that has become shorter than
    /// promised aborts the request, because the client must not take what it got for the whole.
    /// </summary>
    /// <param name="exchange">The request. Counts <see cref="Exchange.BytesSent"/>.</param>
    /// <param name="file">The open file; stays open and its position untouched.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="IOException">The file cannot be read; the request has been aborted.</exception>
    public ValueTask SendFileAsync(Exchange exchange, SafeFileHandle file, long offset, long length)
    {
        // The kernel can do it where the bytes go to the socket as they are: not through TLS, not in HTTP/2 frames or chunks.
        return length >= KernelFrom && exchange.Response.Headers.ContentLength is not null && !exchange.IsHttp2 && exchange.Features.Get<ITlsConnectionFeature>() is null
            && exchange.Features.Get<IFileSendFeature>() is { } kernel
            ? SendByKernelAsync(exchange, kernel, file, offset, length)
            : CopyAsync(exchange, file, offset, length);
    }

    private async ValueTask SendByKernelAsync(Exchange exchange, IFileSendFeature kernel, SafeFileHandle file, long offset, long length)
    {
        await exchange.ResponseBody.StartAsync();
        var writer = exchange.ResponseBody.Writer;
        using var watch = new StallWatch(exchange, patience, time);
        kernel.BeginFile(file, offset);
        var sentBefore = exchange.BytesSent;
        try
        {
            while (length > 0)
            {
                // The memory is a place holder: only its length counts.
                var part = (int)Math.Min(length, KernelPart);
                writer.GetMemory(1);
                writer.Advance(part);
                watch.Arm();
                var flushed = await writer.FlushAsync(CancellationToken.None);
                watch.Disarm();
                if (flushed.IsCompleted || flushed.IsCanceled)
                {
                    // Gone, or the file is shorter than promised: no answer may follow on this connection.
                    if (flushed.IsCompleted && RandomAccess.GetLength(file) <= kernel.FileOffset)
                    {
                        LogShorter(logger, exchange.Method, OutputText.Escape(exchange.Request.RawTarget));
                    }

                    exchange.Abort();
                    return;
                }

                length -= part;
            }
        }
        finally
        {
            exchange.BytesSent = sentBefore + kernel.FileOffset - offset;
            kernel.EndFile();
        }
    }

    private async ValueTask CopyAsync(Exchange exchange, SafeFileHandle file, long offset, long length)
    {
        var writer = exchange.ResponseBody.Writer;
        StallWatch? watch = null;
        if (length > KernelFrom)
        {
            // For the same reason that sends from the kernel have (SocketWriter).
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }

        try
        {
            while (length > 0)
            {
                var wanted = (int)Math.Min(length, exchange.Piece);
                var memory = writer.GetMemory(wanted);
                var read = RandomAccess.Read(file, memory.Span[..wanted], offset);
                if (read == 0)
                {
                    LogShorter(logger, exchange.Method, OutputText.Escape(exchange.Request.RawTarget));
                    exchange.Abort();
                    return;
                }

                writer.Advance(read);
                exchange.BytesSent += read;
                offset += read;
                length -= read;
                var flush = writer.FlushAsync(CancellationToken.None);
                var waits = !flush.IsCompleted;
                if (waits && !exchange.IsHttp2)
                {
                    watch ??= new StallWatch(exchange, patience, time);
                    watch.Arm();
                }

                var flushed = await flush;
                watch?.Disarm();
                if (flushed.IsCompleted || flushed.IsCanceled)
                {
                    return;
                }

                if (waits && length > 0)
                {
                    // The wait ended on a polling thread, and the next read may be from a disk.
                    await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                }
            }
        }
        catch (IOException)
        {
            exchange.Abort();
            throw;
        }
        finally
        {
            watch?.Dispose();
        }
    }

    /// <summary>Sends bytes from memory; as one write, together with the header section if that is still to go.</summary>
    /// <param name="exchange">The request. Counts <see cref="Exchange.BytesSent"/>.</param>
    /// <param name="bytes">The bytes; not kept.</param>
    public ValueTask SendBytesAsync(Exchange exchange, ReadOnlyMemory<byte> bytes)
    {
        exchange.BytesSent += bytes.Length;
        var write = exchange.ResponseBody.Writer.WriteAsync(bytes, CancellationToken.None);
        if (write.IsCompletedSuccessfully)
        {
            _ = write.Result;
            return ValueTask.CompletedTask;
        }

        return WaitAsync(exchange, write);
    }

    private async ValueTask WaitAsync(Exchange exchange, ValueTask<FlushResult> write)
    {
        using var watch = exchange.IsHttp2 ? null : new StallWatch(exchange, patience, time);
        watch?.Arm();
        await write;
    }

    [LoggerMessage(EventId = 141, Level = LogLevel.Warning, Message = "{Method} {Target}: the file became shorter while it was sent; the answer is cut off")]
    private static partial void LogShorter(ILogger logger, string method, string target);
}
