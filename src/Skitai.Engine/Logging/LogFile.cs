using System.Text;

namespace Skitai.Engine.Logging;

/// <summary>
/// One log: lines are gathered in memory and written in batches by the <see cref="LogWriter"/>. When the disk is full or
/// stalls, a bounded number of bytes waits, what is more is counted and dropped, and the log says so once it can.
/// Rotated when the day changes, when it is large, and on request: <c>x.log</c> becomes <c>x.log.1</c> and so on.
/// </summary>
internal sealed class LogFile(string path, LogWriter writer, LogClock clock, LogRotation rotation) : IDisposable
{
    /// <summary>Bytes that may wait for the disk.</summary>
    internal const int MaxPending = 4 * 1024 * 1024;

    private const int SmallBuffer = 32 * 1024, Hurry = 512 * 1024;

    private readonly Lock _gate = new();
    private byte[] _filling = new byte[SmallBuffer];
    private int _filled;
    private long _dropped, _droppedTotal;

    // Below: the writer's thread only.
    private byte[] _batch = new byte[SmallBuffer];
    private int _batchLength, _batchWritten;
    private AppendFile? _file;
    private FileIdentity? _identity;
    private long _size;
    private DateOnly _day;
    private string? _trouble, _note;
    private bool _rotateNow;
    private long _checkedAt;

    /// <summary>Where it is.</summary>
    public string Path { get; } = path;

    /// <summary>Lines lost so far.</summary>
    public long Dropped => Interlocked.Read(ref _droppedTotal);

    /// <summary>Whether something waits for a disk that does not take it.</summary>
    public bool IsFailing => _trouble is not null;

    /// <summary>Takes a whole line, its end included. Never waits for the disk.</summary>
    public void Append(ReadOnlySpan<byte> line)
    {
        bool first, hurry;
        lock (_gate)
        {
            if (_filled + line.Length > _filling.Length && !Grow(line.Length))
            {
                _dropped++;
                Interlocked.Increment(ref _droppedTotal);
                return;
            }

            line.CopyTo(_filling.AsSpan(_filled));
            first = _filled == 0;
            hurry = _filled < Hurry && _filled + line.Length >= Hurry;
            _filled += line.Length;
        }

        if (first | hurry)
        {
            writer.Wake(hurry);
        }
    }

    /// <summary>Has the log rotated before its next line.</summary>
    public void RequestRotation() => Volatile.Write(ref _rotateNow, true);

    /// <summary>Writes what has gathered. The writer's thread only.</summary>
    public void WriteOut()
    {
        if (_file is not null)
        {
            RotateIfDue();
        }

        // What is left of an earlier batch, then what has gathered. Not until nothing is left: under load that would be
        // many small writes instead of one.
        if (_batchWritten < _batchLength && !WriteBatch())
        {
            return;
        }

        var written = TakeBatch() && WriteBatch();
        if (written && _note is not null && TakeBatch())
        {
            WriteBatch();
        }
    }

    /// <summary>Closes the file. The writer's thread only.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }

    private bool Grow(int needed)
    {
        if (_filled + needed > MaxPending)
        {
            return false;
        }

        Array.Resize(ref _filling, Math.Min(MaxPending, Math.Max(_filling.Length * 2, _filled + needed)));
        return true;
    }

    private bool TakeBatch()
    {
        lock (_gate)
        {
            if (_filled == 0 && _dropped == 0 && _note is null)
            {
                return false;
            }

            // Large buffers go when the traffic that needed them has gone.
            var filled = _filling;
            _filling = _batch.Length > SmallBuffer && _filled < _batch.Length / 8 ? new byte[SmallBuffer] : _batch;
            (_batch, _batchLength, _batchWritten) = (filled, _filled, 0);
            _filled = 0;
            (var dropped, _dropped) = (_dropped, 0);

            // The new buffer is empty: there is room for our own lines.
            if (dropped > 0)
            {
                AppendNote($"{dropped} lines were lost here: the disk did not take them");
            }

            if (_note is not null)
            {
                AppendNote(_note);
                _note = null;
            }
        }

        return true;
    }

    private bool WriteBatch()
    {
        if (!EnsureOpen())
        {
            return false;
        }

        var written = _file!.Write(_batch.AsSpan(_batchWritten, _batchLength - _batchWritten), out var error);
        _batchWritten += written;
        _size += written;
        if (error is not null)
        {
            // The next try opens the path anew: the file may have been moved away to make room.
            Fail(error);
            Dispose();
            return false;
        }

        if (_trouble is not null)
        {
            _note = $"this log can be written again ({_trouble})";
            _trouble = null;
        }

        return true;
    }

    private bool EnsureOpen()
    {
        if (_file is not null)
        {
            return true;
        }

        try
        {
            _file = new AppendFile(Path);
            _identity = FileIdentity.Of(Path);
            _size = _identity?.Size ?? 0;
            _day = _size > 0 && _identity is { } identity ? rotation.DayOf(identity.ModifiedAt) : clock.Day;
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Fail(exception.Message);
            return false;
        }
    }

    private void RotateIfDue()
    {
        var asked = Volatile.Read(ref _rotateNow);
        var due = asked || _size >= rotation.MaxSize || clock.Day != _day;
        var now = Environment.TickCount64;
        if (!due && now - _checkedAt < 5000)
        {
            return;
        }

        _checkedAt = now;
        Volatile.Write(ref _rotateNow, false);
        var there = FileIdentity.Of(Path);
        if (there is not { } found || _identity is not { } ours || !found.IsSameFile(ours))
        {
            // Somebody else moved or removed it: only follow.
            Dispose();
            return;
        }

        if (!due || _size == 0)
        {
            _day = clock.Day;
            return;
        }

        if (rotation.Shift(Path) is { } problem)
        {
            _day = clock.Day;
            _note = $"cannot rotate this log: {problem}";
            return;
        }

        Dispose();
    }

    private void Fail(string error)
    {
        if (_trouble is null)
        {
            Console.Error.WriteLine($"skitaid: cannot write {Path}: {error}");
        }

        _trouble = error;
    }

    /// <summary>A line of our own, ahead of what comes next. Under the lock.</summary>
    private void AppendNote(string text)
    {
        var line = Encoding.UTF8.GetBytes($"{Encoding.ASCII.GetString(clock.Text)} [error] log: {text}\n");
        if (_filled + line.Length <= _filling.Length || Grow(line.Length))
        {
            line.CopyTo(_filling.AsSpan(_filled));
            _filled += line.Length;
        }
    }
}
