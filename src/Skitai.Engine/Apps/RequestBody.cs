using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Skitai.Configuration.Settings;
using Skitai.Engine.Hosting;

namespace Skitai.Engine.Apps;

/// <summary>
/// Brings a request's body to the app: what fits into one frame is read first and travels with the request, so that a
/// slow client holds no app thread; the rest is streamed under the worker's credit, from the client or, where it was
/// gathered first, from a file.
/// </summary>
internal sealed class RequestBody(Exchange exchange, PipeReader reader, AppRequest request, TuneSettings tune, TimeProvider time) : IDisposable
{
    /// <summary>What chunks may cost on top of the body, beside a quarter of it: Kestrel's own limit counts them in.</summary>
    private const int FramingAllowance = 64 * 1024;

    private readonly Lock _gate = new();
    private ITimer? _timer;
    private bool _reading;
    private bool _stopped;
    private TaskCompletionSource? _interruption;
    private BodySpool? _spool;

    /// <summary>The rest can be streamed again, to another worker.</summary>
    public bool IsGathered => _spool is not null;

    /// <summary>
    /// Has Kestrel let a body without a length pass as far as its chunks' sizes and ends are concerned, which
    /// max_body_size does not mean; the bytes of the body itself are counted here.
    /// </summary>
    public void AllowForChunks()
    {
        if (tune.MaxBodySize > 0 && exchange.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = tune.MaxBodySize + (tune.MaxBodySize / 4) + FramingAllowance;
        }
    }

    /// <summary>
    /// Reads up to one frame's worth into <paramref name="into"/>; more stays in the reader.
    /// </summary>
    /// <returns>How many bytes, and whether that was all.</returns>
    /// <exception cref="TimeoutException">The client stalls.</exception>
    /// <exception cref="BadHttpRequestException">It breaks the rules, or sends more than allowed.</exception>
    /// <exception cref="IOException">It is gone.</exception>
    public async ValueTask<(int Length, bool All)> ReadFirstAsync(byte[] into)
    {
        var filled = 0;
        while (true)
        {
            var read = await ReadAsync();
            var taken = (int)Math.Min(read.Buffer.Length, Frame.MaxData - filled);
            var part = read.Buffer.Slice(0, taken);
            part.CopyTo(into.AsSpan(filled));
            filled += taken;
            var all = read.IsCompleted && taken == read.Buffer.Length;
            Count(part);
            reader.AdvanceTo(part.End);
            if (all || filled == Frame.MaxData)
            {
                return (filled, all);
            }
        }
    }

    /// <summary>Puts the rest into a file, should there be any.</summary>
    /// <param name="directories">Where that file may be.</param>
    /// <returns>How many bytes.</returns>
    /// <exception cref="SpoolException">It cannot be kept. (And those of <see cref="ReadFirstAsync"/>.)</exception>
    public async ValueTask<long> GatherAsync(IReadOnlyList<string> directories)
    {
        ReadResult read;
        do
        {
            read = await ReadAsync();
            Count(read.Buffer);
            try
            {
                if (read.Buffer.Length > 0)
                {
                    _spool ??= new BodySpool(SpoolFile.Create(directories));
                    await _spool.AppendAsync(read.Buffer);
                }
            }
            finally
            {
                reader.AdvanceTo(read.Buffer.End);
            }
        }
        while (!read.IsCompleted);
        return _spool is null ? 0 : await _spool.CompleteAsync();
    }

    /// <summary>Streams the rest of the body to the worker. Ends when all is sent or <see cref="AppRequest.StopUpload"/> was called.</summary>
    /// <param name="heldBack">Not before the app reads: the client waits for <c>100 Continue</c>.</param>
    public async Task StreamAsync(bool heldBack)
    {
        try
        {
            if (_spool is not null)
            {
                await _spool.StreamAsync(request);
                return;
            }

            if (heldBack)
            {
                await request.WaitForUploadNewsAsync(heldBack: true);
            }

            while (request.Upload == UploadState.None && !request.Ended)
            {
                var read = await ReadAsync();
                if (read.IsCanceled)
                {
                    return; // stopped
                }

                var rest = read.Buffer;
                Count(rest);
                while (rest.Length > 0 && request.Upload == UploadState.None && !request.Ended)
                {
                    var credit = request.TakeUploadCredit((int)Math.Min(rest.Length, Frame.MaxData));
                    if (credit == 0)
                    {
                        await request.WaitForUploadNewsAsync(heldBack: false);
                        continue;
                    }

                    Send(rest.Slice(0, credit), end: false);
                    rest = rest.Slice(credit);
                }

                var all = read.IsCompleted && rest.Length == 0;
                reader.AdvanceTo(rest.Start);
                if (all && request.Upload == UploadState.None)
                {
                    request.Worker?.SendData(request, [], end: true);
                    request.EndUpload(UploadState.Done);
                }
            }
        }
        catch (TimeoutException)
        {
            request.EndUpload(UploadState.Stalled);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or BadHttpRequestException or SpoolException)
        {
            Error = error;
            request.EndUpload(UploadState.Broken);
        }
    }

    /// <summary>
    /// Why the upload is broken: a <see cref="BadHttpRequestException"/> or <see cref="SpoolException"/>; any other = the
    /// client just went.
    /// </summary>
    public Exception? Error { get; private set; }

    /// <summary>Whether an error is the body's, so that the client is told of it; any other = the client just went.</summary>
    public static bool IsOfBody(Exception? error) =>
        error is BadHttpRequestException or SpoolException || (error is not null && RequestCheck.IsNonsense(error));

    /// <summary>The answer is settled: <see cref="StreamAsync"/> shall end now.</summary>
    public void Stop()
    {
        request.StopUpload();
        lock (_gate)
        {
            _stopped = true;
        }

        Interrupt();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        _spool?.Dispose();
    }

    /// <summary>Counts what was read and is about to be used up.</summary>
    /// <exception cref="BadHttpRequestException">It is more than max_body_size; it is used up.</exception>
    private void Count(in ReadOnlySequence<byte> part)
    {
        exchange.BytesReceived += part.Length;
        if (tune.MaxBodySize > 0 && exchange.BytesReceived > tune.MaxBodySize)
        {
            reader.AdvanceTo(part.End);
            throw new BadHttpRequestException("the body is larger than max_body_size", StatusCodes.Status413PayloadTooLarge);
        }
    }

    private void Send(ReadOnlySequence<byte> part, bool end)
    {
        if (part.IsSingleSegment)
        {
            request.Worker?.SendData(request, part.FirstSpan, end);
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)part.Length);
        part.CopyTo(buffer);
        request.Worker?.SendData(request, buffer.AsSpan(0, (int)part.Length), end);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <exception cref="TimeoutException">The client sent nothing for as long as it may.</exception>
    private ValueTask<ReadResult> ReadAsync() =>
        reader.TryRead(out var ready) ? new ValueTask<ReadResult>(ready) : WaitAsync();

    private async ValueTask<ReadResult> WaitAsync()
    {
        var reading = reader.ReadAsync(CancellationToken.None);
        if (reading.IsCompleted)
        {
            return await reading;
        }

        lock (_gate)
        {
            _reading = true;
        }

        request.WaitsForUpload = true;
        _timer ??= time.CreateTimer(static body => ((RequestBody)body!).Interrupt(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(_stopped ? TimeSpan.Zero : tune.ResponseTimeout, Timeout.InfiniteTimeSpan);
        ReadResult read;
        Task? interruption;
        try
        {
            read = await reading;
        }
        finally
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            request.WaitsForUpload = false;
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
        reader.AdvanceTo(read.Buffer.Start);
        if (!read.IsCanceled && reader.TryRead(out var next))
        {
            // Bytes came at the same moment: the interruption is still in the reader and would hit the next request's read.
            reader.AdvanceTo(next.Buffer.Start);
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

        reader.CancelPendingRead();
        interruption.SetResult();
    }
}
