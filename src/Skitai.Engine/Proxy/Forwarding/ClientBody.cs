using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Proxy.Forwarding;

/// <summary>
/// A client's request body on its way to a member, streamed. Its beginning is kept, so that a request may go to another
/// member as long as no more than that has been read.
/// </summary>
/// <param name="exchange">The request.</param>
/// <param name="reader">Its body; belongs to this.</param>
internal sealed class ClientBody(Exchange exchange, BodyReader reader) : MemberBody, IDisposable
{
    /// <summary>How much is kept to be sent again, in bytes.</summary>
    private const int MostKept = 64 * 1024;

    private byte[]? _kept;
    private int _keptLength;
    private int _replayed;
    private bool _isKept = true;
    private bool _reachedEnd;
    private ReadResult _read;
    private SequencePosition _usedUp;
    private bool _holdsRead;
    private HeaderList? _trailers;

    /// <inheritdoc/>
    public override long Length { get; } = exchange.Request.Headers.ContentLength ?? -1;

    /// <inheritdoc/>
    public override HeaderList? Trailers => _reachedEnd ? _trailers ??= ReadTrailers() : null;

    /// <summary>Why the client's side failed; null = it did not.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Begins anew for another member.</summary>
    /// <returns>False when more was read than is kept.</returns>
    public bool TryRewind()
    {
        _replayed = 0;
        return _isKept;
    }

    /// <inheritdoc/>
    public override async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation)
    {
        if (_replayed < _keptLength && _isKept)
        {
            var again = _kept.AsMemory(_replayed, _keptLength - _replayed);
            _replayed = _keptLength;
            return again;
        }

        try
        {
            return await ReadOnAsync(cancellation);
        }
        catch (Exception error) when (error is IOException or TimeoutException or BadHttpRequestException or InvalidOperationException)
        {
            Failure = error;
            throw new RequestBodyException(error);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        LetGo();
        reader.Dispose();
        if (_kept is not null)
        {
            ArrayPool<byte>.Shared.Return(_kept);
            _kept = null;
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadOnAsync(CancellationToken cancellation)
    {
        while (true)
        {
            if (_holdsRead)
            {
                // What was given last is used up; the rest of that read comes before another.
                var rest = _read.Buffer.Slice(_usedUp);
                if (rest.Length > 0)
                {
                    return Give(rest.First);
                }

                LetGo();
            }

            if (_reachedEnd)
            {
                return default;
            }

            cancellation.ThrowIfCancellationRequested();
            var reading = reader.ReadAsync();
            if (!reading.IsCompleted && cancellation.CanBeCanceled)
            {
                await using var stop = cancellation.UnsafeRegister(static body => ((BodyReader)body!).Stop(), reader);
                _read = await reading;
            }
            else
            {
                _read = await reading;
            }

            if (_read.IsCanceled)
            {
                reader.Resume();
                throw new OperationCanceledException(cancellation);
            }

            reader.Count(_read.Buffer);
            _usedUp = _read.Buffer.Start;
            _holdsRead = true;
            _reachedEnd = _read.IsCompleted;
        }
    }

    private ReadOnlyMemory<byte> Give(ReadOnlyMemory<byte> bytes)
    {
        _usedUp = _read.Buffer.GetPosition(bytes.Length, _usedUp);
        if (_isKept)
        {
            Keep(bytes.Span);
        }

        return bytes;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_keptLength + bytes.Length > MostKept)
        {
            _isKept = false;
            if (_kept is not null)
            {
                ArrayPool<byte>.Shared.Return(_kept);
                _kept = null;
            }

            return;
        }

        _kept ??= ArrayPool<byte>.Shared.Rent(Length is >= 0 and < MostKept ? (int)Length : MostKept);
        bytes.CopyTo(_kept.AsSpan(_keptLength));
        _keptLength += bytes.Length;
        _replayed = _keptLength;
    }

    private void LetGo()
    {
        if (_holdsRead)
        {
            _holdsRead = false;
            reader.AdvanceTo(_usedUp);
        }
    }

    private HeaderList? ReadTrailers()
    {
        if (exchange.Features.Get<IHttpRequestTrailersFeature>() is not { Available: true, Trailers.Count: > 0 } feature)
        {
            return null;
        }

        var trailers = new HeaderList();
        foreach (var (name, values) in feature.Trailers)
        {
            // Framing, routing and identity are no matter of trailers (RFC 9110 section 6.5.1).
            if (TransitFields.EndsHere(name) || TransitFields.IsOurs(name))
            {
                continue;
            }

            foreach (var value in values)
            {
                trailers.Add(name, value ?? "");
            }
        }

        return trailers;
    }
}
