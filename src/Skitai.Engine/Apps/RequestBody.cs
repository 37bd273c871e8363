using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Skitai.Configuration.Settings;
using Skitai.Engine.Hosting;

namespace Skitai.Engine.Apps;

/// <summary>
/// Brings a request's body to the app: what fits into one frame is read first and travels with the request, so that a
/// slow client holds no app thread; the rest is streamed under the worker's credit, from the client or, where it was
/// gathered first, from a file.
/// </summary>
internal sealed class RequestBody(Exchange exchange, AppRequest request, TuneSettings tune, TimeProvider time) : IDisposable
{
    private readonly BodyReader _reader = new(exchange, tune.ResponseTimeout, tune.MaxBodySize, time);
    private BodySpool? _spool;

    /// <summary>The rest can be streamed again, to another worker.</summary>
    public bool IsGathered => _spool is not null;

    /// <summary>See <see cref="BodyReader.AllowForChunks"/>.</summary>
    public void AllowForChunks() => _reader.AllowForChunks();

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
            _reader.Count(part);
            _reader.AdvanceTo(part.End);
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
            _reader.Count(read.Buffer);
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
                _reader.AdvanceTo(read.Buffer.End);
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
                _reader.Count(rest);
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
                _reader.AdvanceTo(rest.Start);
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
        _reader.Stop();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.Dispose();
        _spool?.Dispose();
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

    private async ValueTask<ReadResult> ReadAsync()
    {
        var reading = _reader.ReadAsync();
        if (reading.IsCompleted)
        {
            return await reading;
        }

        request.WaitsForUpload = true;
        try
        {
            return await reading;
        }
        finally
        {
            request.WaitsForUpload = false;
        }
    }
}
