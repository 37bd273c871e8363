using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Skitai.Configuration.Settings;
using Skitai.Engine.Hosting;
using Skitai.Engine.Routing;
using Skitai.Engine.Static;

namespace Skitai.Engine.Tests.Hosting;

/// <summary>HTTP/2 clients that ask for much, take nothing of it, and keep their connection lively.</summary>
public sealed class Http2StallTests : IDisposable
{
    private const byte Headers = 1, Reset = 3, Settings = 4, Ping = 6, WindowUpdate = 8, EndOfStreamAndHeaders = 5;

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("skitai-stall-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _home.Delete(recursive: true);

    [Theory]
    [InlineData("file")]
    [InlineData("small file")]
    [InlineData("stream")]
    [InlineData("one write")]
    [InlineData("left to the end")]
    public async Task A_stream_that_takes_nothing_is_reset_however_lively_its_connection_is(string kind)
    {
        var patience = TimeSpan.FromSeconds(1);
        await File.WriteAllBytesAsync(Path.Combine(_home.FullName, "f"), new byte[kind == "file" ? 1_000_000 : 5000], Cancellation);
        var writing = 0;
        Mount mount = kind.EndsWith("file", StringComparison.Ordinal)
            ? new StaticMount("/", _home.FullName, TimeSpan.Zero, patience)
            : new TextMount("/", async exchange =>
            {
                Interlocked.Increment(ref writing);
                exchange.BeginAnswer();
                try
                {
                    await WriteAsync(exchange, kind);
                }
                finally
                {
                    Interlocked.Decrement(ref writing);
                }

                return MountOutcome.Handled;
            });
        await using var instance = await TestInstances.StartAsync(
            mount, new TuneSettings { ResponseTimeout = patience }, new InstanceEnvironment { LogDirectory = _home.FullName });
        using var client = await ConnectAsync(instance);
        foreach (var stream in (int[])[1, 3, 5])
        {
            await client.SendAsync(Frame(Headers, EndOfStreamAndHeaders, stream, Request("/f")));
        }

        var reset = new HashSet<int>();
        await PingUntilAsync(client, (type, stream) =>
        {
            if (type == Reset)
            {
                reset.Add(stream);
            }

            return reset.Count == 3;
        });

        await TestInstances.UntilAsync(() => instance.GetStatus().InFlight == 0 && Volatile.Read(ref writing) == 0, "the requests to end");
        Assert.Equal(1, instance.GetStatus().Connections);
        Assert.Equal(0, instance.GetStatus().BytesSent);
    }

    [Fact]
    public async Task A_stream_that_takes_little_at_a_time_is_not_reset()
    {
        await File.WriteAllBytesAsync(Path.Combine(_home.FullName, "f"), new byte[40_000], Cancellation);
        var patience = TimeSpan.FromSeconds(1);
        await using var instance = await TestInstances.StartAsync(
            new StaticMount("/", _home.FullName, TimeSpan.Zero, patience), new TuneSettings { ResponseTimeout = patience });
        using var client = await ConnectAsync(instance);
        await client.SendAsync(Frame(Headers, EndOfStreamAndHeaders, 1, Request("/f")));
        var (ended, wasReset) = (false, false);
        await PingUntilAsync(
            client,
            (type, _) => (ended, wasReset) is not (false, false) || (wasReset = type == Reset),
            async () => await client.SendAsync(Frame(WindowUpdate, 0, 1, [0, 0, 0x10, 0])),
            (type, flags) => ended |= type == 0 && (flags & 1) != 0);
        Assert.Equal((true, false), (ended, wasReset));
    }

    private static async ValueTask WriteAsync(Exchange exchange, string kind)
    {
        switch (kind)
        {
            case "left to the end":
                exchange.BytesSent += 50_000;
                exchange.ResponseBody.Writer.GetSpan(50_000);
                exchange.ResponseBody.Writer.Advance(50_000);
                break;
            case "one write":
                exchange.BytesSent += 300_000;
                await exchange.ResponseBody.Writer.WriteAsync(new byte[300_000], CancellationToken.None);
                break;
            default:
                var piece = new byte[65536];
                do
                {
                    exchange.BytesSent += piece.Length;
                }
                while (!(await exchange.ResponseBody.Writer.WriteAsync(piece, CancellationToken.None)).IsCompleted);

                break;
        }
    }

    private static async Task<Socket> ConnectAsync(Instance instance)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(instance.Address, Cancellation);
        byte[] setting = [0, 4, 0, 0, 0, 0]; // SETTINGS_INITIAL_WINDOW_SIZE 0: no stream may be answered until it says so
        await socket.SendAsync((byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, setting)], Cancellation);
        return socket;
    }

    /// <summary>Sends a PING several times a second and reads frames, until one is the awaited one.</summary>
    private static async Task PingUntilAsync(
        Socket client, Func<byte, int, bool> isIt, Func<Task>? beside = null, Action<byte, byte>? seen = null)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        enough.CancelAfter(TimeSpan.FromSeconds(30));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(enough.Token);
        var pinging = PingAsync();
        await using var stream = new NetworkStream(client, ownsSocket: false);
        var head = new byte[9];
        byte type;
        int number;
        do
        {
            await stream.ReadExactlyAsync(head, enough.Token);
            var length = (head[0] << 16) | (head[1] << 8) | head[2];
            await stream.ReadExactlyAsync(new byte[length], enough.Token);
            (type, number) = (head[3], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)));
            seen?.Invoke(type, head[4]);
        }
        while (!isIt(type, number));

        await over.CancelAsync();
        await pinging;

        async Task PingAsync()
        {
            try
            {
                while (true)
                {
                    await Task.Delay(200, over.Token);
                    await client.SendAsync(Frame(Ping, 0, 0, new byte[8]), over.Token);
                    await (beside?.Invoke() ?? Task.CompletedTask);
                }
            }
            catch (OperationCanceledException)
            {
            }
        }
    }

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        (frame[1], frame[2], frame[3], frame[4]) = ((byte)(payload.Length >> 8), (byte)payload.Length, type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    private static byte[] Request(string path) =>
        [.. Field(":method", "GET"), .. Field(":path", path), .. Field(":scheme", "http"), .. Field(":authority", "a")];

    private static byte[] Field(string name, string value) => [0, .. Text(name), .. Text(value)];

    private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];
}
