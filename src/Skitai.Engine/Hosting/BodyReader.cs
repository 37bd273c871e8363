using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Skitai.Engine.Hosting;

/// <summary>
/// A request's body as it comes from the client: read with patience, counted and held to max_body_size. One read at a time;
/// whoever reads must have stopped before the request ends, since the next one's reads would be hit.
/// </summary>
/// <param name="exchange">The request.</param>
/// <param name="patience">How long the client may send nothing while it is waited for; <see cref="Timeout.InfiniteTimeSpan"/> = for ever.</param>
/// <param name="maxBodySize">The most it may send, in bytes; 0 = no limit.</param>
/// <param name="time">The clock.</param>
internal sealed class BodyReader(Exchange exchange, TimeSpan patience, long maxBodySize, TimeProvider time) : IDisposable
{
    /// <summary>What chunks may cost on top of the body, beside a quarter of it: Kestrel's own limit counts them in.</summary>
    private const int FramingAllowance = 64 * 1024;

    private readonly PipeReader _reader = exchange.Features.GetRequiredFeature<IRequestBodyPipeFeature>().Reader;
    private readonly Lock _gate = new();
    private ITimer? _timer;
    private bool _reading;
    private bool _stopped;
    private TaskCompletionSource? _interruption;

    /// <summary>
    /// Has Kestrel let a body without a length pass as far as its chunks' sizes and ends are concerned, which
    /// max_body_size does not mean; the bytes of the body itself are counted here.
    /// </summary>
    public void AllowForChunks()
    {
        if (maxBodySize > 0 && exchange.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = maxBodySize + (maxBodySize / 4) + FramingAllowance;
        }
    }

    /// <summary>The next bytes; a result that says cancelled after <see cref="Stop"/>.</summary>
    /// <exception cref="TimeoutException">The client sent nothing for as long as it may.</exception>
    /// <exception cref="BadHttpRequestException">It breaks the rules, or sends more than allowed.</exception>
    /// <exception cref="IOException">It is gone.</exception>
    public ValueTask<ReadResult> ReadAsync() => _reader.TryRead(out var ready) ? new ValueTask<ReadResult>(ready) : WaitAsync();

    /// <summary>Counts what was read and is about to be used up.</summary>
    /// <exception cref="BadHttpRequestException">It is more than max_body_size; it is used up.</exception>
    public void Count(in ReadOnlySequence<byte> part)
    {
        exchange.BytesReceived += part.Length;
        if (maxBodySize > 0 && exchange.BytesReceived > maxBodySize)
        {
            AdvanceTo(part.End);
            throw new BadHttpRequestException("the body is larger than max_body_size", StatusCodes.Status413PayloadTooLarge);
        }
    }

    /// <summary>What was read up to here is used up.</summary>
    public void AdvanceTo(SequencePosition consumed)
    {
        try
        {
            _reader.AdvanceTo(consumed);
        }
        catch (Exception gone) when (IsAborted(gone))
        {
            // The next read says so; who is done with the body does not want to know.
        }
    }

    /// <summary>Ends the read that waits, if one does, and all further ones before they wait. May be called by anybody.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
        }

        Interrupt();
    }

    /// <summary>Reads may wait again.</summary>
    public void Resume()
    {
        lock (_gate)
        {
            _stopped = false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    private async ValueTask<ReadResult> WaitAsync()
    {
        var reading = _reader.ReadAsync(CancellationToken.None);
        if (reading.IsCompleted)
        {
            return await reading;
        }

        lock (_gate)
        {
            _reading = true;
        }

        _timer ??= time.CreateTimer(static body => ((BodyReader)body!).Interrupt(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(_stopped ? TimeSpan.Zero : patience, Timeout.InfiniteTimeSpan);
        ReadResult read;
        Task? interruption;
        try
        {
            read = await reading;
        }
        finally
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            lock (_gate)
            {
                _reading = false;
                interruption = _interruption?.Task;
                _interruption = null;
            }
        }

        if (interruption is null)
        {
            return read;
        }

        await interruption;
        AdvanceTo(read.Buffer.Start);
        if (!read.IsCanceled && _reader.TryRead(out var next))
        {
            // Bytes came at the same moment: the interruption is still in the reader and would hit the next request's read.
            AdvanceTo(next.Buffer.Start);
        }

        return _stopped ? new ReadResult(ReadOnlySequence<byte>.Empty, isCanceled: true, isCompleted: false) : throw new TimeoutException();
    }

    /// <summary>Ends the read that waits, if one does: without one it would hit Kestrel's own next read.</summary>
    private void Interrupt()
    {
        TaskCompletionSource interruption;
        lock (_gate)
        {
            if (!_reading || _interruption is not null)
            {
                return;
            }

            // Whoever reads goes on only when the cancelling is done, and then not on this thread.
            interruption = _interruption = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        try
        {
            _reader.CancelPendingRead();
        }
        catch (Exception gone) when (IsAborted(gone))
        {
            // The read ends by itself. Who calls may be a timer, which must not fail.
        }
        finally
        {
            interruption.SetResult();
        }
    }

    /// <summary>Whether it is what every call of Kestrel's reader throws once the request is aborted.</summary>
    private static bool IsAborted(Exception fault) => fault is IOException or OperationCanceledException or ObjectDisposedException;
}
