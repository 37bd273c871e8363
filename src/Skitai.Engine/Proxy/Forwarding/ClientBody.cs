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
/// <param name="exchange">The client's request.</param>
/// <param name="reader">Its body; belongs to this.</param>
/// <param name="request">Is told when a member has got all of it.</param>
internal sealed class ClientBody(Exchange exchange, BodyReader reader, ForwardedRequest request) : MemberBody, IDisposable
{
    /// <summary>How much is kept to be sent again, in bytes.</summary>
    private const int MostKept = 64 * 1024;

    /// <summary>What is rented for it at first, in bytes: most bodies are small, and a stream of messages may go on for hours.</summary>
    private const int LeastKept = 4 * 1024;

    private byte[]? _kept;
    private int _keptLength;
    private int _replayed;
    private long _length;
    private bool _reachedEnd;
    private ReadResult _read;
    private SequencePosition _next;
    private bool _holdsRead;
    private HeaderList? _trailers;
    private volatile bool _isAnswered;

    /// <inheritdoc/>
    public override long Length { get; } = exchange.Request.Headers.ContentLength ?? -1;

    /// <inheritdoc/>
    public override HeaderList? Trailers => _reachedEnd ? _trailers ??= ReadTrailers() : null;

    /// <summary>Whether all that was read is kept: another member can get it from the beginning.</summary>
    public bool CanRewind { get; private set; } = true;

    /// <summary>Whether the member has taken all of it, and will not ask for more.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>The answer that has begun is the one: nothing more needs to be kept.</summary>
    public void Answered() => _isAnswered = true; // a member's connection may be reading: that one lets go of what is kept

    /// <summary>As <see cref="BodyReader.BePatient"/>.</summary>
    public void BePatient(TimeSpan longest) => reader.BePatient(longest);

    /// <inheritdoc/>
    public override bool TryRewind()
    {
        if (!CanRewind)
        {
            return false;
        }

        _replayed = 0;
        IsTaken = false;
        reader.Resume(); // who gave up before may have stopped a read that was just over
        return true;
    }

    /// <inheritdoc/>
    public override async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation)
    {
        ReadOnlyMemory<byte> piece;
        if (CanRewind && _replayed < _keptLength)
        {
            piece = _kept.AsMemory(_replayed, _keptLength - _replayed);
            _replayed = _keptLength;
        }
        else
        {
            try
            {
                piece = await ReadOnAsync(cancellation);
            }
            catch (Exception error) when (error is IOException or TimeoutException or BadHttpRequestException or InvalidOperationException)
            {
                throw new RequestBodyException(error);
            }
        }

        if (piece.IsEmpty || _length == Length)
        {
            request.BodyTaken(); // first: who sees the other may go on to another member
            IsTaken = true;
        }

        return piece;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        LetGo();
        reader.Dispose();
        DropKept();
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadOnAsync(CancellationToken cancellation)
    {
        while (true)
        {
            if (_holdsRead)
            {
                // What was given last is used up; the rest of that read comes before another.
                while (_read.Buffer.TryGet(ref _next, out var piece))
                {
                    if (!piece.IsEmpty)
                    {
                        _length += piece.Length;
                        return Keep(piece);
                    }
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
            _next = _read.Buffer.Start;
            _holdsRead = true;
            _reachedEnd = _read.IsCompleted;
        }
    }

    /// <summary>
    /// A piece that is kept is given from where it is kept: the member that had it may still be sending it while the next one
    /// reads on.
    /// </summary>
    private ReadOnlyMemory<byte> Keep(ReadOnlyMemory<byte> piece)
    {
        if (!CanRewind)
        {
            return piece;
        }

        if (_isAnswered || _keptLength + piece.Length > MostKept)
        {
            CanRewind = false;
            DropKept();
            return piece;
        }

        MakeRoom(piece.Length);
        var kept = _kept.AsMemory(_keptLength, piece.Length);
        piece.CopyTo(kept);
        _keptLength += piece.Length;
        _replayed = _keptLength;
        return kept;
    }

    /// <summary>Has room for another piece behind what is kept. That may move: what was given before is used up, since more is asked for.</summary>
    private void MakeRoom(int length)
    {
        var needed = _keptLength + length;
        if (_kept is { } kept && needed <= kept.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Clamp(_keptLength * 2, Math.Max(needed, LeastKept), MostKept));
        _kept.AsSpan(0, _keptLength).CopyTo(larger);
        DropKept();
        _kept = larger;
    }

    private void DropKept()
    {
        if (_kept is not null)
        {
            ArrayPool<byte>.Shared.Return(_kept);
            _kept = null;
        }
    }

    private void LetGo()
    {
        if (_holdsRead)
        {
            _holdsRead = false;
            reader.AdvanceTo(_next.GetObject() is null ? _read.Buffer.End : _next);
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
