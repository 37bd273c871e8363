using System.Text;
using Skitai.Engine.Logging;

namespace Skitai.Engine.Apps;

/// <summary>
/// Cuts bytes into lines of text for a log: at LF, CR LF or after <see cref="MaxLength"/> bytes. What is no UTF-8 is
/// shown as replacement characters, control characters are escaped.
/// </summary>
/// <param name="emit">Gets each line.</param>
internal sealed class OutputLines(Action<string> emit)
{
    /// <summary>Longer lines are broken here.</summary>
    public const int MaxLength = 8 * 1024;

    private readonly byte[] _partial = new byte[MaxLength];
    private int _length;

    /// <summary>The next bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var end = bytes.IndexOf((byte)'\n');
            var part = end < 0 ? bytes : bytes[..end];
            var taken = Math.Min(part.Length, MaxLength - _length);
            part[..taken].CopyTo(_partial.AsSpan(_length));
            _length += taken;
            if (taken < part.Length)
            {
                EmitLong();
                bytes = bytes[taken..];
                continue;
            }

            if (end < 0)
            {
                return;
            }

            Emit(_length);
            bytes = bytes[(end + 1)..];
        }
    }

    /// <summary>There will be no more: a last line without an end counts too.</summary>
    public void Flush()
    {
        if (_length > 0)
        {
            Emit(_length);
        }
    }

    private void EmitLong()
    {
        // Not in the middle of a UTF-8 sequence.
        var cut = MaxLength;
        while (cut > MaxLength - 4 && (_partial[cut - 1] & 0xC0) == 0x80)
        {
            cut--;
        }

        if (cut > 1 && _partial[cut - 1] >= 0xC0)
        {
            cut--;
        }
        else
        {
            cut = MaxLength;
        }

        var rest = _partial[cut..];
        Emit(cut);
        rest.CopyTo(_partial, 0);
        _length = rest.Length;
    }

    private void Emit(int length)
    {
        var line = _partial.AsSpan(0, length);
        if (line.Length > 0 && line[^1] == '\r')
        {
            line = line[..^1];
        }

        _length = 0;
        emit(OutputText.Escape(Encoding.UTF8.GetString(line)));
    }
}
