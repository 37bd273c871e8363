using System.ComponentModel;
using Skitai.Posix;

namespace Skitai.Engine.Caching.Storage.Disk;

/// <content>Gets hold of the directory, and looks after it from time to time.</content>
internal sealed partial class DiskTier
{
    private static readonly TimeSpan s_untilOwned = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_untilLooked = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_untilScanned = TimeSpan.FromHours(1);

    private readonly SemaphoreSlim _wanted = new(0);
    private DirectoryLock? _lock;
    private DateTimeOffset _scannedAt;
    private int _disposed;
    private bool _isReadOnly;

    /// <summary>A successor owns the directory from now on: nothing more is written, what is there may still be read.</summary>
    public void StopWriting()
    {
        lock (_changing)
        {
            _stopped = true;
        }

        Do(LetGo);
    }

    /// <summary>Writes what is still to be written, and lets go of the directory.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _ending.CancelAsync();
        _jobs.Writer.TryComplete();
        try
        {
            await Task.WhenAll(_upkeep, _worker).WaitAsync(s_untilLooked, _time);
        }
        catch (TimeoutException)
        {
            return; // a disk that hangs: what is open stays open
        }

        // The signals are not disposed of: look-ups and purges that are under way may still ask them.
        LetGo();
    }

    private void LetGo()
    {
        lock (_publishing)
        {
            _lock?.Dispose();
            _lock = null;
        }
    }

    /// <summary>Whether the directory is ours and known.</summary>
    private bool MayKeepUp => IsReady && !Volatile.Read(ref _stopped);

    private void TellTroubles()
    {
        _opening.Tell();
        _writing.Tell();
        _reading.Tell();
        _answering.Tell();
        _room.Tell(Volatile.Read(ref _limit));
    }

    private async Task KeepUpAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            TellTroubles();
            try
            {
                if (!MayKeepUp)
                {
                    Answer(TakeWaiting(), 0); // what they wait for is done by whoever has the directory
                }

                if (MayKeepUp)
                {
                    await LookAfterAsync();
                }
                else if (!Volatile.Read(ref _stopped) && !_opening.IsPausing && await _writers.RunAsync(TryOwn))
                {
                    await TakeStockAsync();
                }
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or Win32Exception)
            {
                KeepingUpFailed(error);
            }
#pragma warning disable CA1031 // a cache that fails must not take the instance with it
            catch (Exception error)
            {
                LogBug(_logger, _directory, error);
                KeepingUpFailed(error);
            }
#pragma warning restore CA1031

            try
            {
                await _wanted.WaitAsync(IsReady ? s_untilLooked : s_untilOwned, _ending.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        Answer(TakeWaiting(), 0);
    }

    private bool TryOwn()
    {
        if (DirectoryLock.TryTake(_directory) is not { } taken)
        {
            return false;
        }

        lock (_publishing)
        {
            if (!Volatile.Read(ref _stopped))
            {
                _lock = taken;
                return true;
            }
        }

        taken.Dispose();
        return false;
    }

    private void KeepingUpFailed(Exception error)
    {
        if (IsReady)
        {
            _writing.Failed(error);
            return;
        }

        // The next try takes the lock anew: from another open file, which our own would keep out.
        Abandon();
        _opening.Failed(error);
        if (error.HResult == Errno.ReadOnly && !_isReadOnly)
        {
            // An earlier process could write down no purge either: what there is may be what was purged.
            _isReadOnly = true;
            Purges.Add("");
        }
    }

    private async Task LookAfterAsync()
    {
        if (_lock is { } mine && !await _writers.RunAsync(mine.IsStillThere))
        {
            Abandon();
            return;
        }

        await LookAtRoomAsync();
        while (Volatile.Read(ref _sweepUpTo) > _sweptUpTo && MayKeepUp)
        {
            await LookThroughAsync();
        }

        if (_time.GetUtcNow().UtcTicks >= Volatile.Read(ref _sweepAgainAt))
        {
            Raise(ref _sweepUpTo, Purges.Last);
            await LookThroughAsync();
        }

        Answer(TakeWaiting(), 0);
        if (_time.GetUtcNow() - _scannedAt >= s_untilScanned)
        {
            _scannedAt = _time.GetUtcNow();
            await ScanAgainAsync();
        }

        Do(Trim);
    }

    /// <summary>A file system that was full may have room again.</summary>
    private async Task LookAtRoomAsync()
    {
        if (_room.IsToBeMeasured)
        {
            var free = ObjectLayout.DiskBlocks(await _writers.RunAsync(() => new DriveInfo(_directory).AvailableFreeSpace));
            lock (_changing)
            {
                _room.Measured(_used + free, _limit);
            }
        }
    }

    /// <summary>Somebody removed the directory: it is begun anew.</summary>
    private void Abandon()
    {
        lock (_publishing)
        {
            lock (_changing)
            {
                Volatile.Write(ref _ready, false);
                _used -= _index.Blocks;
                _index.Clear();
            }

            _lock?.Dispose();
            _lock = null;
        }
    }
}
