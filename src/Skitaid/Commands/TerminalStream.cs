namespace Skitaid.Commands;

/// <summary>
/// Standard output or error: what is written to a terminal that has gone away (EIO) is dropped. A pipe without a reader
/// is dealt with by the runtime in the same way; a file on a full disk is still an error.
/// </summary>
internal sealed class TerminalStream(Stream output) : Stream
{
    private const int NoTerminal = 5; // EIO

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            output.Write(buffer);
        }
        catch (IOException failure) when (failure.HResult == NoTerminal)
        {
            // Nobody is there to see it.
        }
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        // Consoles are written through.
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            output.Dispose();
        }

        base.Dispose(disposing);
    }
}
