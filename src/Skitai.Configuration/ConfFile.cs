using System.Text;
using Skitai.Configuration.Grammar;

namespace Skitai.Configuration;

/// <summary>The text of a conf and the errors met in it so far.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Text">Empty when the file could not be read.</param>
/// <param name="Errors">Named after the file, without its directory.</param>
internal sealed record ConfFile(string Path, string Text, ErrorList Errors)
{
    private const int Largest = 1024 * 1024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The directory that relative paths count from.</summary>
    public string Directory => System.IO.Path.GetDirectoryName(Path) ?? "/";

    /// <summary>Takes a text as a file's.</summary>
    public static ConfFile FromText(string text, string path)
    {
        path = System.IO.Path.GetFullPath(path);
        return new ConfFile(path, text, new ErrorList(System.IO.Path.GetFileName(path)));
    }

    /// <summary>Reads a file. Never throws for what is on the disk: that is an error of the file.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="missing">What to say when it is not there; null = that is as good as an empty one.</param>
    public static ConfFile Read(string path, string? missing)
    {
        var errors = new ErrorList(System.IO.Path.GetFileName(path));
        return new ConfFile(path, Load(path, missing, errors), errors);
    }

    private static string Load(string path, string? missing, ErrorList errors)
    {
        try
        {
            var file = new FileInfo(path);
            if (!Files.IsThere(path))
            {
                if (file.LinkTarget is { } target)
                {
                    errors.Add(0, $"is a link to '{target}', which is not there");
                }
                else if (System.IO.Directory.Exists(path))
                {
                    errors.Add(0, "is a directory, not a file");
                }
                else if (missing is not null)
                {
                    errors.Add(0, missing);
                }

                return "";
            }

            using var stream = file.OpenRead();
            var bytes = new byte[Largest + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > Largest)
            {
                errors.Add(0, $"is larger than {Largest} bytes; is it a conf?");
                return "";
            }

            return Decode(bytes.AsSpan(0, length), errors);
        }
        catch (UnauthorizedAccessException)
        {
            errors.Add(0, $"'{path}' may not be read by this user");
        }
        catch (IOException e)
        {
            errors.Add(0, $"cannot be read: {e.Message}");
        }

        return "";
    }

    private static string Decode(ReadOnlySpan<byte> bytes, ErrorList errors)
    {
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
        {
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        }

        var text = new StringBuilder(bytes.Length);
        var number = 0;
        while (!bytes.IsEmpty)
        {
            number++;
            var end = bytes.IndexOf((byte)'\n');
            var line = end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? [] : bytes[(end + 1)..];
            if (line.Contains((byte)0))
            {
                // UTF-16 or no text at all: whatever else could be said about it would be noise.
                errors.Add(number, "holds a NUL byte: not a text file in UTF-8");
                return "";
            }

            try
            {
                text.Append(Strict.GetString(line));
            }
            catch (DecoderFallbackException)
            {
                errors.Add(number, "is not UTF-8; save the file as UTF-8");
            }

            text.Append('\n');
        }

        return text.ToString();
    }
}
