using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Skitaid.Control;

/// <summary>
/// JSON messages, one a line, over a stream socket. One reader and any number of writers at a time. What the other side
/// sends is bounded, and garbage gives <see cref="InvalidDataException"/>, never more than one message's worth of trouble.
/// A message may hold a private key: buffers are wiped behind each.
/// </summary>
internal sealed class JsonLines(Socket socket, int maxLine = 1024 * 1024) : IDisposable
{
    private const int UsualBuffer = 4096;

    private readonly SemaphoreSlim _writing = new(1, 1);
    private byte[] _buffer = new byte[UsualBuffer];
    private int _start;
    private int _end;

    /// <summary>The next message; null at the end of the stream (a reset counts as one).</summary>
    /// <exception cref="InvalidDataException">A line that is too long, not JSON, or not such a message.</exception>
    public async ValueTask<T?> ReadAsync<T>(JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class
    {
        var searched = _start;
        while (true)
        {
            var newline = Array.IndexOf(_buffer, (byte)'\n', searched, _end - searched);
            if (newline >= 0)
            {
                var line = _buffer.AsSpan(_start, newline - _start);
                _start = newline + 1;
                try
                {
                    return Parse(line, type);
                }
                finally
                {
                    CryptographicOperations.ZeroMemory(line);
                }
            }

            searched = MakeRoom();
            int received;
            try
            {
                received = await socket.ReceiveAsync(_buffer.AsMemory(_end), cancellation);
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                return null;
            }

            if (received == 0)
            {
                return null;
            }

            _end += received;
        }
    }

    /// <summary>Sends a message; false when nobody is there any more.</summary>
    /// <param name="message">The message.</param>
    /// <param name="type">Its JSON form.</param>
    /// <param name="cancellation">
    /// Gives up: a message that has not begun is never sent, one that has goes on without the caller and keeps the others
    /// waiting behind it, or the next would be the other half of this one.
    /// </param>
    public async ValueTask<bool> WriteAsync<T>(T message, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        return await SendInTurnAsync(message, type).WaitAsync(cancellation);
    }

    public void Dispose() => socket.Dispose();

    /// <summary>All of a message, however long that takes; the socket's end is its end.</summary>
    private async Task<bool> SendInTurnAsync<T>(T message, JsonTypeInfo<T> type)
    {
        byte[] line = [];
        try
        {
            line = ToLine(message, type);
            for (ReadOnlyMemory<byte> rest = line; rest.Length > 0;)
            {
                rest = rest[await socket.SendAsync(rest, CancellationToken.None)..];
            }

            return true;
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(line);
            _writing.Release();
        }
    }

    private static byte[] ToLine<T>(T message, JsonTypeInfo<T> type)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(message, type);
        byte[] line = [.. json, (byte)'\n'];
        CryptographicOperations.ZeroMemory(json);
        return line;
    }

    private static T Parse<T>(ReadOnlySpan<byte> line, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(line, type) ?? throw new InvalidDataException("null is no message");
        }
        catch (JsonException failure)
        {
            throw new InvalidDataException("not a message: " + failure.Message, failure);
        }
    }

    /// <summary>Makes room behind what is unread; gives where the search for a line's end goes on.</summary>
    private int MakeRoom()
    {
        var unread = _end - _start;
        if (unread == 0 && _buffer.Length > UsualBuffer)
        {
            _buffer = new byte[UsualBuffer]; // a long message is rare
        }
        else if (_start > 0)
        {
            _buffer.AsSpan(_start, unread).CopyTo(_buffer);
            CryptographicOperations.ZeroMemory(_buffer.AsSpan(unread, _start));
        }

        (_start, _end) = (0, unread);
        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= maxLine)
            {
                throw new InvalidDataException($"a message longer than {maxLine} bytes");
            }

            var larger = new byte[_buffer.Length * 2];
            _buffer.CopyTo(larger, 0);
            CryptographicOperations.ZeroMemory(_buffer);
            _buffer = larger;
        }

        return _end;
    }
}
