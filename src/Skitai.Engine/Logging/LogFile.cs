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
    private readonly RotatedFile _file = new(path, rotation);
    private byte[] _batch = new byte[SmallBuffer];
    private int _batchLength, _batchWritten;
    private volatile string? _trouble, _problem;
    private string? _note;
    private bool _rotateNow;

    /// <summary>Where it is.</summary>
    public string Path { get; } = path;

    /// <summary>Lines lost so far.</summary>
    public long Dropped => Interlocked.Read(ref _droppedTotal);

    /// <summary>Whether something waits for a disk that does not take it.</summary>
    public bool IsFailing => _trouble is not null;

    /// <summary>Why the log cannot be opened or written, or its last rotation did not work; null = all is well.</summary>
    public string? Problem => _problem;

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
    /// <returns>Whether there is more to write by now that no line to come may be waited for.</returns>
    public bool WriteOut()
    {
        var asked = Interlocked.Exchange(ref _rotateNow, false);
        var known = _file.Problem;
        var problem = _file.Rotate(asked);
        if (problem is not null && problem != known)
        {
            AddNote($"cannot rotate this log: {problem}");
        }

        var written = WriteGathered();
        _problem = _file.Problem ?? _trouble;
        if (!written)
        {
            return false; // the disk decides when
        }

        lock (_gate)
        {
            return _filled > 0 || _dropped > 0 || _note is not null;
        }
    }

    /// <summary>Closes the file. The writer's thread only, after the last <see cref="WriteOut"/>: what still waits is lost.</summary>
    public void Dispose()
    {
        _file.Dispose();
        long lost;
        lock (_gate)
        {
            lost = _batch.AsSpan(_batchWritten, _batchLength - _batchWritten).Count((byte)'\n')
                + _filling.AsSpan(0, _filled).Count((byte)'\n') + _dropped;
            Interlocked.Add(ref _droppedTotal, lost - _dropped);
            (_batchWritten, _filled, _dropped) = (_batchLength, 0, 0);
        }

        if (lost > 0)
        {
            Console.Error.WriteLine($"skitaid: {lost} lines of {Path} are lost: {_trouble ?? "they came when it was closed"}");
        }
    }

    /// <summary>What is left of an earlier batch, then what has gathered.</summary>
    /// <returns>False when the disk does not take it.</returns>
    private bool WriteGathered()
    {
        // Not until nothing is left: under load that would be many small writes instead of one.
        if (_batchWritten < _batchLength && !WriteBatch())
        {
            return false;
        }

        return !TakeBatch() || WriteBatch();
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
        long dropped;
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
            (dropped, _dropped) = (_dropped, 0);
        }

        // Behind the batch, where the lost lines would be.
        if (dropped > 0)
        {
            AppendNote($"{dropped} lines were lost here: the disk did not take them");
        }

        if (_note is not null)
        {
            AppendNote(_note);
            _note = null;
        }

        return true;
    }

    private bool WriteBatch()
    {
        _batchWritten += _file.Write(_batch.AsSpan(_batchWritten, _batchLength - _batchWritten), out var error);
        if (error is not null)
        {
            Fail(error);
            return false;
        }

        if (_trouble is not null)
        {
            AddNote($"this log can be written again ({_trouble})");
            _trouble = null;
        }

        return true;
    }

    private void Fail(string error)
    {
        if (_trouble is null)
        {
            Console.Error.WriteLine($"skitaid: cannot write {Path}: {error}");
        }

        _trouble = error;
    }

    private void AddNote(string text) => _note = _note is null ? text : $"{_note}; {text}";

    /// <summary>A line of our own at the end of the batch.</summary>
    private void AppendNote(string text)
    {
        var line = Encoding.UTF8.GetBytes($"{Encoding.ASCII.GetString(clock.Text)} [error] log: {text}\n");
        if (_batchLength + line.Length > _batch.Length)
        {
            Array.Resize(ref _batch, _batchLength + line.Length);
        }

        line.CopyTo(_batch.AsSpan(_batchLength));
        _batchLength += line.Length;
    }
}
