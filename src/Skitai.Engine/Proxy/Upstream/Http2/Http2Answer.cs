using System.Buffers;
using System.Net.Http.Headers;
using Skitai.Engine.Proxy.Upstream.Http1;

namespace Skitai.Engine.Proxy.Upstream.Http2;

/// <summary>An answer over HTTP/2.</summary>
internal sealed class Http2Answer(
    Http2Connections connections, Http2Exchange exchange, HandlerGeneration generation, HttpRequestMessage message, HttpResponseMessage response)
    : MemberAnswer
{
    private const int ReadSize = 32 * 1024;

    private byte[]? _buffer;
    private Stream? _stream;
    private Task<int>? _reading;
    private HeaderList? _trailers;
    private long _bodyLength;
    private long _left = -1;
    private bool _ended;
    private int _disposed;

    /// <inheritdoc/>
    public override int Status => (int)response.StatusCode;

    /// <inheritdoc/>
    public override string? Reason => null;

    /// <inheritdoc/>
    public override HeaderList Headers { get; } = new();

    /// <inheritdoc/>
    public override long BodyLength => _bodyLength;

    /// <inheritdoc/>
    public override HeaderList? Trailers => _trailers;

    /// <summary>Takes the header section over.</summary>
    /// <exception cref="MemberException">There is something in it that must not be forwarded.</exception>
    public void Take(bool isHead)
    {
        if (Status < 200)
        {
            throw BadAnswer.Because($"its status over HTTP/2 is {Status}");
        }

        Take(response.Headers, Headers);
        Take(response.Content.Headers, Headers);
        var lengths = 0;
        foreach (ref readonly var line in Headers.Lines)
        {
            if (line.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                if (++lengths > 1 || line.Value.AsSpan().ContainsAnyExceptInRange('0', '9') || !long.TryParse(line.Value, out _left))
                {
                    throw BadAnswer.Because($"its Content-Length is no number: {line.Value}");
                }
            }
        }

        if (isHead || Status is 204 or 304)
        {
            _left = 0;
        }

        _bodyLength = _left;
    }

    /// <inheritdoc/>
    public override async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (_ended)
        {
            return default;
        }

        var registration = cancellation.UnsafeRegister(static exchange => ((Http2Exchange)exchange!).Stop(null), exchange);
        try
        {
            exchange.BeginWaiting();
            var reading = _reading ?? ReceiveAsync().AsTask();
            _reading = null;
            return Accept(await reading);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or HttpRequestException or ObjectDisposedException)
        {
            cancellation.ThrowIfCancellationRequested();
            throw fault as MemberException ?? Http2Connections.Explain(fault, exchange, within: true);
        }
        finally
        {
            exchange.EndWaiting();
            registration.Unregister();
        }
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadOnlyMemory<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        bytes = default;
        if (_ended)
        {
            return true;
        }

        _reading ??= ReceiveAsync().AsTask();
        if (!_reading.IsCompletedSuccessfully || (_left >= 0 && (_reading.Result == 0 ? _left != 0 : _reading.Result > _left)))
        {
            return false;
        }

        var count = _reading.Result;
        _reading = null;
        bytes = Accept(count);
        return true;
    }

    /// <inheritdoc/>
    public override void BePatient(TimeSpan idleTimeout) => exchange.BePatient(idleTimeout);

    /// <inheritdoc/>
    public override Stream TakeTunnel() => throw new InvalidOperationException($"the answer's status is {Status}, not 101");

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        if (_reading is { IsCompleted: false })
        {
            exchange.Stop(null);
        }

        response.Dispose(); // Resets the stream if it has not ended.
        await exchange.EndAsync();
        if (_reading is { } reading)
        {
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        message.Dispose();
        connections.End(exchange, generation);
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask<int> ReceiveAsync()
    {
        _buffer ??= ArrayPool<byte>.Shared.Rent(ReadSize);
        _stream ??= await response.Content.ReadAsStreamAsync(exchange.Stopped);
        return await _stream.ReadAsync(_buffer, exchange.Stopped);
    }

    private ReadOnlyMemory<byte> Accept(int count)
    {
        if (count > 0)
        {
            if (_left >= 0 && (_left -= count) < 0)
            {
                throw BadAnswer.Because("its body is longer than its Content-Length");
            }

            return _buffer.AsMemory(0, count);
        }

        if (_left > 0)
        {
            throw new MemberException(MemberFault.BrokenOff, neverLeft: false, "its body is shorter than its Content-Length");
        }

        _ended = true;
        var trailers = new HeaderList();
        Take(response.TrailingHeaders, trailers);
        _trailers = trailers.Count > 0 ? trailers : null;
        return default;
    }

    private static void Take(HttpHeaders from, HeaderList to)
    {
        foreach (var (name, values) in from.NonValidated)
        {
            if (IsHopByHop(name))
            {
                continue;
            }

            foreach (var value in values)
            {
                if (FieldLine.HasControl(value))
                {
                    throw BadAnswer.Because($"the value of {name} has a control character");
                }

                to.Add(name, value);
            }
        }
    }

    // RFC 9113 section 8.2.2: these have no place in HTTP/2.
    private static bool IsHopByHop(string name) =>
        name.Equals("Connection", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Keep-Alive", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Upgrade", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Trailer", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("Proxy-", StringComparison.OrdinalIgnoreCase);
}
