using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Skitai.Engine.Logging;
using Skitai.Posix;

namespace Skitai.Engine.Apps;

/// <summary>From the start of the process to its end.</summary>
internal sealed partial class Worker
{
    private static readonly TimeSpan TermPatience = TimeSpan.FromSeconds(2);

    private readonly Lock _filesGate = new();
    private readonly List<SourceFile> _newFiles = [];
    private readonly TaskCompletionSource _channelEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The app asked for a reload when its files change.</summary>
    public bool UsesReloader { get; private set; }

    /// <summary>Source files that the worker has told of since the last call.</summary>
    public IReadOnlyList<SourceFile> TakeFiles()
    {
        lock (_filesGate)
        {
            if (_newFiles.Count == 0)
            {
                return [];
            }

            SourceFile[] files = [.. _newFiles];
            _newFiles.Clear();
            return files;
        }
    }

    /// <summary>Ends it well: what it has in hand is answered. Then TERM, then KILL.</summary>
    /// <param name="limit">How long what is in hand may take.</param>
    public async Task RetireAsync(TimeSpan limit)
    {
        IsRetiring = true;
        lock (_channel.Gate)
        {
            _channel.Append(Frame.Shutdown, 0, 0, []);
        }

        _channel.Flush();
        await Task.WhenAny(_givenUp.Task, ExitsWithinAsync(limit));
        if (!_process.Exited.IsCompleted)
        {
            _process.Signal(Signals.Term);
            if (!await ExitsWithinAsync(TermPatience))
            {
                Kill("it did not end when asked to");
                await _process.Exited;
            }
        }

        await DisposeAsync();
    }

    /// <summary>It is retiring, and what it still has in hand will not end.</summary>
    public void GiveUp() => _givenUp.TrySetResult();

    /// <summary>Ends it at once, with the processes that it started.</summary>
    public void Kill(string reason)
    {
        EndReason ??= reason;
        _process.SignalGroup(Signals.Kill);
    }

    /// <summary>Writes the traceback of every thread; answers with what came.</summary>
    public Task<string> DumpThreadsAsync() => _process.DumpThreadsAsync(_time);

    public async ValueTask DisposeAsync()
    {
        if (!_process.Exited.IsCompleted)
        {
            Kill("the pool is closed");
            await _process.Exited;
        }

        _channel.Dispose();
        await _process.DisposeAsync();
    }

    private async Task<bool> ExitsWithinAsync(TimeSpan limit)
    {
        try
        {
            await _process.Exited.WaitAsync(limit, _time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private void OnConnectionFrame(byte type, ReadOnlySpan<byte> payload)
    {
        try
        {
            switch (type)
            {
                case Frame.Hello:
                    using (var hello = Parse(payload))
                    {
                        if (hello.RootElement.GetProperty("protocol").GetInt32() != 1)
                        {
                            throw new ProtocolViolationException("it speaks another version of the protocol");
                        }
                    }

                    break;
                case Frame.Ready:
                    using (var ready = Parse(payload))
                    {
                        UsesReloader = ready.RootElement.TryGetProperty("use_reloader", out var reload) && reload.GetBoolean();
                    }

                    _lastProgress = _time.GetTimestamp();
                    _started.TrySetResult(new WorkerStart(true, null, null, [], false));
                    break;
                case Frame.Failed:
                    using (var failed = Parse(payload))
                    {
                        var root = failed.RootElement;
                        _started.TrySetResult(new WorkerStart(
                            false,
                            OutputText.Escape(root.GetProperty("error").GetString() ?? "the app could not be imported"),
                            root.TryGetProperty("traceback", out var traceback) ? traceback.GetString() : null,
                            root.TryGetProperty("files", out var files) ? ReadFiles(files) : [],
                            ImportFailed: true));
                    }

                    break;
                case Frame.Log:
                    var level = payload[0] switch { 0 => LogLevel.Debug, 1 => LogLevel.Information, 2 => LogLevel.Warning, _ => LogLevel.Error };
                    if (_pool.Output.IsEnabled(level))
                    {
                        var text = OutputText.Indent(Encoding.UTF8.GetString(payload[1..]));
                        AppLog.Text(_pool.Output, level, _pool.Label, Pid, text);
                    }

                    break;
                case Frame.Files:
                    using (var files = Parse(payload))
                    {
                        lock (_filesGate)
                        {
                            _newFiles.AddRange(ReadFiles(files.RootElement));
                        }
                    }

                    break;
                default:
                    throw new ProtocolViolationException($"a frame of type {type} on stream 0");
            }
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException
            or IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            throw new ProtocolViolationException($"a frame of type {type} that cannot be read: {error.Message}");
        }
    }

    void IFrameReceiver.OnEnd(string? violation)
    {
        if (violation is not null)
        {
            EndReason ??= "it broke the protocol: " + violation;
        }

        _channel.Close();
        var woken = new List<AppRequest>();
        lock (_channel.Gate)
        {
            // Told under the lock, as every frame is: whoever gives a request up takes the lock first, so that nothing
            // is told to one that is in use for somebody else by then.
            _lost = true;
            HadInHand = DescribeInHand();
            foreach (ref var slot in _slots.AsSpan())
            {
                if (slot.Request is { } request)
                {
                    request.StopUpload();
                    if (request.TellFailure(AppOutcome.WorkerLost, "the worker died"))
                    {
                        woken.Add(request);
                    }
                }

                slot = default;
            }
        }

        _channelEnded.TrySetResult();
        _pool.Leave(this);
        foreach (var request in woken)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static request => request.Wake(), request, preferLocal: false);
        }

        _ = BuryAsync();
    }

    /// <summary>Under the gate.</summary>
    private string DescribeInHand()
    {
        const int most = 5;
        var text = new StringBuilder();
        var count = 0;
        foreach (ref var slot in _slots.AsSpan())
        {
            if (slot.InHand && ++count <= most)
            {
                text.Append(count == 1 ? ", with this in hand: " : ", ").Append(Describe(slot));
            }
        }

        return count > most ? text.Append(System.Globalization.CultureInfo.InvariantCulture, $" and {count - most} more").ToString() : text.ToString();
    }

    /// <summary>Waits until <see cref="HadInHand"/> is known: the process may be gone a moment before its channel's end is read.</summary>
    public Task WhenChannelEndsAsync() => Task.WhenAny(_channelEnded.Task, Task.Delay(EndPatience, _time));

    /// <summary>Whether it was killed from outside; else it may have been a request of its own that ended it.</summary>
    public async ValueTask<bool> WasKilledAsync() => await ExitsWithinAsync(EndPatience) && EndReason is null && (await Exited).Signal == Signals.Kill;

    /// <summary>The socket is closed, so the process must end; a worker that does not is killed.</summary>
    private async Task BuryAsync()
    {
        if (!await ExitsWithinAsync(EndPatience))
        {
            Kill(EndReason ?? "it closed its socket");
        }

        var exit = await _process.Exited;
        _started.TrySetResult(new WorkerStart(false, EndReason ?? $"the worker ended: {exit}", null, [], ImportFailed: false));
    }

    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(1);

    private static JsonDocument Parse(ReadOnlySpan<byte> payload)
    {
        var reader = new Utf8JsonReader(payload);
        return JsonDocument.ParseValue(ref reader);
    }

    /// <summary>The payload of FILES, and of FAILED's <c>files</c>: lists of path, modification time in nanoseconds, size.</summary>
    private static SourceFile[] ReadFiles(JsonElement list)
    {
        var files = new SourceFile[list.GetArrayLength()];
        for (var i = 0; i < files.Length; i++)
        {
            var item = list[i];
            var written = DateTime.UnixEpoch.AddTicks(item[1].GetInt64() / TimeSpan.NanosecondsPerTick);
            files[i] = new SourceFile(item[0].GetString() ?? "", written, item[2].GetInt64());
        }

        return files;
    }
}
