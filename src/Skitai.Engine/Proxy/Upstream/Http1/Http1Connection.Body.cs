using System.Runtime.CompilerServices;

namespace Skitai.Engine.Proxy.Upstream.Http1;

/// <content>The answer's body.</content>
internal sealed partial class Http1Connection
{
    /// <summary>As <see cref="MemberAnswer.ReadAsync"/>.</summary>
    public ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(CancellationToken cancellation)
    {
        if (TryReadBody(out var bytes))
        {
            return new ValueTask<ReadOnlyMemory<byte>>(bytes);
        }

        return ReceiveBodyAsync(cancellation);
    }

    /// <summary>As <see cref="MemberAnswer.TryRead"/>.</summary>
    public bool TryReadBody(out ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return TryDecode(out bytes);
        }
        catch (MemberException fault)
        {
            // The next read says so.
            _framing = Framing.Broken;
            End(fault);
            bytes = default;
            return false;
        }
    }

    /// <summary>The trailer section, if the body had one.</summary>
    public HeaderList? Trailers => _trailers is { Fields.Count: > 0 } trailers ? trailers.Fields : null;

    /// <summary>Makes use of what has been received.</summary>
    /// <returns>False when there must be more.</returns>
    private bool TryDecode(out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        switch (_framing)
        {
            case Framing.Broken:
                return false;
            case Framing.Ended:
                return true;
            case Framing.Length:
                {
                    var count = (int)Math.Min(_bodyLeft, _end - _start);
                    if (count == 0)
                    {
                        return false;
                    }

                    bytes = _input.AsMemory(_start, count);
                    _start += count;
                    _bodyLeft -= count;
                    if (_bodyLeft == 0)
                    {
                        _framing = Framing.Ended;
                    }

                    return true;
                }

            case Framing.UntilClose:
                bytes = _input.AsMemory(_start, _end - _start);
                _start = _end;
                return bytes.Length > 0;
            case Framing.Chunked:
                {
                    _chunks.Decode(_input.AsSpan(_start, _end - _start), out var consumed, out var from, out var count);
                    bytes = _input.AsMemory(_start + from, count);
                    _start += consumed;
                    if (_chunks.AtTrailers)
                    {
                        (_trailers ??= new TrailerSection()).Begin();
                        _framing = Framing.Trailers;
                        TakeTrailers();
                    }

                    return count > 0 || _framing == Framing.Ended;
                }

            default:
                return TakeTrailers();
        }
    }

    private bool TakeTrailers()
    {
        if (!_trailers!.Parse(_input.AsSpan(_start, _end - _start), out var consumed))
        {
            _start += consumed;
            return false;
        }

        _start += consumed;
        _framing = Framing.Ended;
        return true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadOnlyMemory<byte>> ReceiveBodyAsync(CancellationToken cancellation)
    {
        CancellationTokenRegistration registration = default;
        if (cancellation.CanBeCanceled)
        {
            _cancellation = cancellation;
            registration = cancellation.UnsafeRegister(static connection => ((Http1Connection)connection!).OnCancelled(), this);
        }

        _progressAt = _pool.Now;
        _awaited = Awaited.Body;
        try
        {
            while (true)
            {
                var received = await ReceiveAsync();
                if (received != Received.Bytes)
                {
                    return BodyEnd(received);
                }

                _progressAt = _pool.Now;
                if (TryDecode(out var bytes))
                {
                    return bytes;
                }
            }
        }
        catch (Exception fault)
        {
            _framing = Framing.Broken;
            End(fault);
            throw;
        }
        finally
        {
            _cancellation = default;
            registration.Unregister();
            if (Interlocked.Exchange(ref _awaited, Awaited.Nothing) == Awaited.Forsaken)
            {
                EndForsaken();
            }
        }
    }

    /// <summary>As <see cref="MemberAnswer.MayBeCut"/>. Such a connection carries no other answer.</summary>
    public bool MayBeCut { get; private set; }

    private ReadOnlyMemory<byte> BodyEnd(Received received)
    {
        if (_fault is { } fault)
        {
            throw fault;
        }

        if (_framing == Framing.UntilClose && received == Received.End)
        {
            // TLS that was ended has said so, and nothing more is read from the socket.
            MayBeCut = _tls is not null && _dialed.Transport.HasEnded;
            _framing = Framing.Ended;
            return default;
        }

        throw new MemberException(MemberFault.BrokenOff, neverLeft: false, "the connection ended within the answer's body");
    }
}
