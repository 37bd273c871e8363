using System.Collections.Concurrent;
using System.Net.Sockets;
using Skitai.Engine.Apps;

namespace Skitai.Engine.Tests.Apps;

public sealed class WorkerChannelTests : IFrameReceiver, IDisposable
{
    private readonly ConcurrentQueue<(byte Type, byte Flags, uint Stream, byte[] Payload)> _frames = new();
    private readonly TaskCompletionSource<string?> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Socket _worker;
    private readonly WorkerChannel _channel;
    private AppRequest? _answered;
    private bool _closeAtBatchEnd;

    public WorkerChannelTests()
    {
        var (ours, theirs) = Skitai.Posix.Pairs.CreateSockets();
        _worker = new Socket(new SafeSocketHandle(theirs.DangerousGetHandle(), ownsHandle: true));
        theirs.SetHandleAsInvalid();
        _channel = new WorkerChannel(ours, this);
        _channel.Start();
    }

    [Fact]
    public async Task Frames_cut_anywhere_come_out_whole()
    {
        var bytes = Make(24, 0, 0, [1, 2, 3]).Concat(Make(20, Frame.End, 7, [])).Concat(Make(19, 0, 9, new byte[300])).ToArray();
        foreach (var one in bytes)
        {
            _worker.Send([one]);
        }

        await AppServer.UntilAsync(() => _frames.Count == 3, "three frames");
        Assert.Equal([(24, 0u, 3), (20, 7u, 0), (19, 9u, 300)], _frames.Select(frame => ((int)frame.Type, frame.Stream, frame.Payload.Length)));
    }

    [Fact]
    public async Task A_frame_of_many_times_the_buffer_comes_out_whole()
    {
        var payload = new byte[5_000_000];
        new Random(3).NextBytes(payload);
        var sending = Task.Run(() => _worker.Send(Make(19, Frame.End, 1, payload)), TestContext.Current.CancellationToken);
        await AppServer.UntilAsync(() => _frames.Count == 1, "the frame");
        await sending;
        Assert.True(_frames.Single().Payload.AsSpan().SequenceEqual(payload));
    }

    [Fact]
    public async Task A_frame_over_16_MiB_is_a_violation()
    {
        _worker.Send([0xff, 0xff, 0xff, 0x7f, 19, 0, 0, 0, 1, 0, 0, 0]);
        Assert.NotNull(await _end.Task.WaitAsync(AppServer.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_end_of_the_socket_is_told_once_without_a_violation()
    {
        _worker.Dispose();
        Assert.Null(await _end.Task.WaitAsync(AppServer.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_is_gathered_while_the_worker_does_not_read_arrives_whole_and_in_order()
    {
        var expected = new MemoryStream();
        for (var i = 0; i < 2000; i++)
        {
            var payload = new byte[i];
            Array.Fill(payload, (byte)i);
            lock (_channel.Gate)
            {
                _channel.Append(Frame.Data, 0, (uint)i, payload);
            }

            _channel.Flush();
            expected.Write(Make(Frame.Data, 0, (uint)i, payload));
        }

        var got = new byte[expected.Length];
        var filled = 0;
        while (filled < got.Length)
        {
            filled += await _worker.ReceiveAsync(got.AsMemory(filled), TestContext.Current.CancellationToken);
        }

        Assert.True(got.AsSpan().SequenceEqual(expected.ToArray()));
    }

    [Fact]
    public async Task Who_is_answered_by_the_last_bytes_before_the_channel_is_closed_is_woken()
    {
        _answered = new AppRequest();
        var waiting = _answered.WaitAsync().AsTask();
        _closeAtBatchEnd = true;
        _worker.Send(Make(19, Frame.End, 1, []));
        await waiting.WaitAsync(AppServer.Patience, TestContext.Current.CancellationToken);
        Assert.Null(await _end.Task.WaitAsync(AppServer.Patience, TestContext.Current.CancellationToken));
    }

    void IFrameReceiver.OnFrame(byte type, byte flags, uint stream, ReadOnlySpan<byte> payload, WakeList woken)
    {
        _frames.Enqueue((type, flags, stream, payload.ToArray()));
        if (_answered?.TellWatched() == true)
        {
            woken.Add(_answered);
        }
    }

    void IFrameReceiver.OnBatchEnd()
    {
        if (_closeAtBatchEnd)
        {
            _channel.Dispose();
        }
    }

    void IFrameReceiver.OnEnd(string? violation) => _end.SetResult(violation);

    public void Dispose()
    {
        _channel.Dispose();
        _worker.Dispose();
    }

    private static byte[] Make(byte type, byte flags, uint stream, byte[] payload)
    {
        var frame = new byte[Frame.HeaderSize + payload.Length];
        Frame.WriteHeader(frame, payload.Length, type, flags, stream);
        payload.CopyTo(frame, Frame.HeaderSize);
        return frame;
    }
}
