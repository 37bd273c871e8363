using Skitai.Posix;

namespace Skitai.Engine.Logging;

/// <summary>
/// A log's file: opened when it is needed, with its directory; followed when somebody has moved or removed it; rotated when
/// it is due. Every failure is an answer, and the next call tries anew. For one thread at a time.
/// </summary>
/// <param name="path">Where it is.</param>
/// <param name="rotation">When it is rotated.</param>
public sealed class RotatedFile(string path, LogRotation rotation) : IDisposable
{
    /// <summary>How long after a failure a rotation that is due is tried again.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    /// <summary>How old a file that follows one moved away may be for "rotate" to have nothing left to do.</summary>
    private static readonly TimeSpan MovedLately = TimeSpan.FromMinutes(1);

    private AppendFile? _file;
    private long _size;
    private DateOnly _day;
    private long? _followedAt;
    private string? _openProblem;
    private (long At, string Problem)? _failedRotation;

    /// <summary>Why it cannot be opened, or why its last rotation did not work; null = all is well.</summary>
    public string? Problem => _openProblem ?? _failedRotation?.Problem;

    /// <summary>Opens the file unless it is open.</summary>
    /// <returns>Why it cannot be opened; null = it is open.</returns>
    public string? Open()
    {
        if (_file is not null)
        {
            return null;
        }

        try
        {
            _file = new AppendFile(path);
            _openProblem = null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return _openProblem = exception.Message;
        }

        _size = _file.StatusWhenOpened.Size;
        if (_size == 0)
        {
            _failedRotation = null; // there is nothing to rotate
        }

        _day = _size > 0 ? rotation.DayOf(_file.StatusWhenOpened.Modified) : rotation.Today;
        return null;
    }

    /// <summary>To be called before lines are written: lets go of a file that is not at its path any more, and rotates one that is due.</summary>
    /// <param name="asked">Rotate it whatever its size and age, and begin the new file now. A file that was moved away a
    /// moment ago counts as rotated: that is what logrotate does before it asks.</param>
    /// <returns>Why that did not work; null = done, or not due.</returns>
    public string? Rotate(bool asked)
    {
        if (_file is not null && !IsAtItsPath(_file))
        {
            Dispose();
            _followedAt = rotation.Time.GetTimestamp();
            _failedRotation = null; // it was the other file's
        }

        if (asked && Open() is { } problem)
        {
            return problem;
        }

        if (_file is null)
        {
            return null;
        }

        if (_size == 0)
        {
            _day = rotation.Today;
            return null;
        }

        if (!IsDue(asked))
        {
            return null;
        }

        if (rotation.Shift(path) is { } failure)
        {
            _failedRotation = (rotation.Time.GetTimestamp(), failure);
            return failure;
        }

        _failedRotation = null;
        Dispose();
        return asked ? Open() : null;
    }

    /// <summary>Writes as many lines as the disk takes.</summary>
    /// <param name="lines">What to write: whole lines.</param>
    /// <param name="error">Why it took less than all; null = it took all.</param>
    /// <returns>How many bytes of them are written; they end with a line.</returns>
    public int Write(ReadOnlySpan<byte> lines, out string? error)
    {
        error = Open();
        if (error is not null)
        {
            return 0;
        }

        var written = _file!.Write(lines, out error);
        _size += written;
        if (error is not null)
        {
            // The next try opens the path anew: the file may be moved away to make room.
            Dispose();
        }

        return written;
    }

    /// <summary>Closes the file; the next call opens it again.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }

    private bool IsAtItsPath(AppendFile file) =>
        PosixFile.GetStatus(path) is { } there && there.IsSameFile(file.StatusWhenOpened);

    private bool IsDue(bool asked) => asked
        ? !IsWithin(_followedAt, MovedLately)
        : (_size >= rotation.MaxSize || _day != rotation.Today) && !IsWithin(_failedRotation?.At, RetryAfter);

    private bool IsWithin(long? since, TimeSpan span) => since is { } then && rotation.Time.GetElapsedTime(then) < span;
}
