using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Skitai.Configuration.Settings;
using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Tests.Proxy.Upstream;

/// <summary>A member that does just what the test says, byte by byte.</summary>
internal sealed class ScriptedMember : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ScriptedMember()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(128);
    }

    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(20);

    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndPoint!;

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public MemberConnections Connections(TimeProvider? time = null, ClusterSettings? settings = null, TimeSpan? responseTimeout = null)
    {
        var member = new ClusterMember("localhost", Address.Port);
        settings = (settings ?? new ClusterSettings { Name = "@test", Members = [] }) with { Members = [member] };
        return MemberConnections.Create(settings, member, Address, responseTimeout ?? TimeSpan.FromSeconds(30), time ?? TimeProvider.System);
    }

    public async Task<Peer> AcceptAsync() => new(await _listener.AcceptAsync(Cancellation).AsTask().WaitAsync(Patience));

    public void Dispose() => _listener.Dispose();

    /// <summary>The member's end of one connection.</summary>
    internal sealed class Peer(Socket socket) : IDisposable
    {
        private readonly List<byte> _unread = [];

        public Socket Socket => socket;

        public async Task SendAsync(string latin1) => await SendAsync(Encoding.Latin1.GetBytes(latin1));

        public async Task SendAsync(ReadOnlyMemory<byte> bytes) =>
            await socket.SendAsync(bytes, SocketFlags.None, Cancellation).AsTask().WaitAsync(Patience);

        /// <summary>Reads a header section, with the empty line.</summary>
        public Task<string> ReadHeadAsync() => ReadThroughAsync("\r\n\r\n");

        /// <summary>Reads up to that text, inclusive.</summary>
        public async Task<string> ReadThroughAsync(string mark)
        {
            while (true)
            {
                var text = Encoding.Latin1.GetString([.. _unread]);
                var at = text.IndexOf(mark, StringComparison.Ordinal);
                if (at >= 0)
                {
                    _unread.RemoveRange(0, at + mark.Length);
                    return text[..(at + mark.Length)];
                }

                if (!await ReceiveAsync())
                {
                    throw new InvalidDataException($"ended after: {text}");
                }
            }
        }

        public async Task<string> ReadAsync(int count)
        {
            while (_unread.Count < count)
            {
                if (!await ReceiveAsync())
                {
                    throw new InvalidDataException($"ended after {_unread.Count} bytes");
                }
            }

            var text = Encoding.Latin1.GetString([.. _unread[..count]]);
            _unread.RemoveRange(0, count);
            return text;
        }

        /// <summary>Reads a chunk; empty = the last one, of which its end is still to be read.</summary>
        public async Task<string> ReadChunkAsync()
        {
            var size = int.Parse((await ReadThroughAsync("\r\n"))[..^2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            if (size == 0)
            {
                return "";
            }

            var chunk = await ReadAsync(size + 2);
            return chunk.EndsWith("\r\n", StringComparison.Ordinal) ? chunk[..^2] : throw new FormatException("a chunk does not end where its size says");
        }

        /// <summary>Reads a chunked body.</summary>
        /// <param name="withEnd">Whether the end is read, too, which is then without trailers.</param>
        public async Task<string> ReadChunksAsync(bool withEnd = true)
        {
            var body = new StringBuilder();
            while (await ReadChunkAsync() is { Length: > 0 } chunk)
            {
                body.Append(chunk);
            }

            if (withEnd)
            {
                Assert.Equal("\r\n", await ReadAsync(2));
            }

            return body.ToString();
        }

        /// <summary>Waits until the other side has ended the connection; what it had sent before is thrown away.</summary>
        public async Task UntilClosedAsync()
        {
            try
            {
                while (await ReceiveAsync())
                {
                }
            }
            catch (SocketException)
            {
                // A reset is an end, too.
            }
        }

        public void EndSending() => socket.Shutdown(SocketShutdown.Send);

        public void Reset()
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
            socket.Dispose();
        }

        public void Dispose() => socket.Dispose();

        private async Task<bool> ReceiveAsync()
        {
            var buffer = new byte[65536];
            var count = await socket.ReceiveAsync(buffer, SocketFlags.None, Cancellation).AsTask().WaitAsync(Patience);
            _unread.AddRange(buffer.AsSpan(0, count));
            return count > 0;
        }
    }
}
