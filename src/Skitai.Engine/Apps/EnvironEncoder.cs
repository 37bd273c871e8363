using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Skitai.Engine.Hosting;

namespace Skitai.Engine.Apps;

/// <summary>Writes the head of a REQUEST frame, the environ block, for one mount: chars to latin-1 bytes, one pass.</summary>
internal sealed class EnvironEncoder
{
    private const int Before = Frame.HeaderSize + 4;

    private readonly EnvironNames _names = new();
    private readonly byte[] _mount;
    private readonly int _prefixLength;
    private readonly string _serverName;

    /// <param name="prefix">The mount's prefix: SCRIPT_NAME.</param>
    /// <param name="serverName">SERVER_NAME when a request names no host.</param>
    public EnvironEncoder(string prefix, string serverName)
    {
        _prefixLength = prefix.Length;
        _serverName = serverName;
        _mount = [.. "SCRIPT_NAME\0"u8, .. Encoding.Latin1.GetBytes(prefix), .. "\0PATH_INFO\0"u8];
    }

    /// <summary>Begins the request's frame: header, length of the block, the block. The body may follow.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="contentLength">The body's length for an app whose client has not named it but is known; -1 = nothing to add.</param>
    /// <param name="request">Gets the bytes.</param>
    /// <returns>False: the request holds a NUL, which no environ can carry.</returns>
    public bool Encode(Exchange exchange, long contentLength, AppRequest request)
    {
        var headers = exchange.Request.Headers;
        var block = new Block(request, Before);
        block.Add("REQUEST_METHOD\0"u8, exchange.Method);
        block.Add(_mount, exchange.Path.AsSpan(_prefixLength));
        block.Entries++;
        block.Add("QUERY_STRING\0"u8, exchange.Query);
        block.Add("REQUEST_URI\0"u8, exchange.Request.RawTarget);
        block.Add("SERVER_PROTOCOL\0"u8, exchange.Request.Protocol);
        block.Add("SERVER_NAME\0"u8, exchange.Host.Length > 0 ? exchange.Host : _serverName);
        block.Add("SERVER_PORT\0"u8, exchange.HostPort);
        block.Add("REMOTE_ADDR\0"u8, exchange.RemoteAddress);
        block.Add("REMOTE_PORT\0"u8, exchange.RemotePort);
        block.Add("wsgi.url_scheme\0"u8, exchange.Scheme);
        block.Add("skitai.gtxid\0"u8, exchange.GlobalTransactionId);
        block.Add("skitai.ltxid\0"u8, exchange.LocalTransactionId);
        if (contentLength >= 0)
        {
            block.Add("CONTENT_LENGTH\0"u8, contentLength);
        }

        var named = NamedByConnection(headers);
        foreach (var (name, value) in headers)
        {
            var key = _names.KeyOf(name);
            if (key.Length > 0 && (named is null || !named.Contains(name)))
            {
                block.Add(key, value.Count == 1 ? value[0]! : Join(name, value));
            }
        }

        var end = block.Position - 1; // no NUL behind the last value
        request.FrameLength = end;
        BinaryPrimitives.WriteInt32LittleEndian(request.Frame.AsSpan(Frame.HeaderSize), end - Before);
        return request.Frame.AsSpan(Before, end - Before).Count((byte)0) == (2 * block.Entries) - 1;
    }

    private static string Join(string name, StringValues values) =>
        string.Join(name.Equals(HeaderNames.Cookie, StringComparison.OrdinalIgnoreCase) ? "; " : ", ", values.ToArray());

    /// <summary>What <c>Connection</c> names is between the client and us; null when it names nothing of interest.</summary>
    private static HashSet<string>? NamedByConnection(IHeaderDictionary headers)
    {
        var connection = headers.Connection;
        if (connection.Count == 0
            || (connection.Count == 1 && connection[0] is "keep-alive" or "close" or "Keep-Alive" or "Upgrade" or ""))
        {
            return null;
        }

        var named = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var value in connection)
        {
            named.UnionWith((value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        }

        // Nobody may have the parts dropped that say who asks whom.
        named.ExceptWith(["Host", "Content-Length", "Content-Type"]);
        return named;
    }

    private ref struct Block(AppRequest request, int position)
    {
        private Span<byte> _buffer = request.Frame;

        public int Position = position;
        public int Entries = 0;

        public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<char> value)
        {
            Ensure(key.Length + value.Length + 1);
            key.CopyTo(_buffer[Position..]);
            Position += key.Length;
            Position += Encoding.Latin1.GetBytes(value, _buffer[Position..]);
            _buffer[Position++] = 0;
            Entries++;
        }

        public void Add(ReadOnlySpan<byte> key, long value)
        {
            Ensure(key.Length + 21);
            key.CopyTo(_buffer[Position..]);
            Position += key.Length;
            Utf8Formatter.TryFormat(value, _buffer[Position..], out var written);
            Position += written;
            _buffer[Position++] = 0;
            Entries++;
        }

        private void Ensure(int more)
        {
            if (_buffer.Length - Position < more)
            {
                request.EnsureFrame(Position + more);
                _buffer = request.Frame;
            }
        }
    }
}
