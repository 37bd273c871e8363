using System.Runtime.InteropServices;
using System.Text;
using Skitai.Posix;

namespace Skitai.Engine.Static;

public sealed partial class StaticMount
{
    /// <summary>What is found for a request's path, said for a person. Asks the file system as an answer does.</summary>
    /// <param name="path">The request's path; it begins with this mount's prefix.</param>
    internal StaticFinding Look(string path)
    {
        var rest = path.AsSpan(Prefix.Length);
        var found = _directory.Find(rest);
        if (found.File is { } file)
        {
            return new StaticFinding(Text(file.Path), StaticMiss.None)
            {
                Size = file.Plain.Length,
                ContentType = file.ContentType,
                Siblings = [.. Sibling(file.BrotliSeen, file.Brotli, "br"), .. Sibling(file.GzipSeen, file.Gzip, "gzip")],
            };
        }

        // A request's path has one char for each byte of the file's name.
        var name = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(rest.ToString()));
        return new StaticFinding(_directoryName.TrimEnd('/') + name, found.Miss)
        {
            Problem = found.Error == Errno.None ? null : Marshal.GetPInvokeErrorMessage(found.Error),
        };
    }

    private static IEnumerable<StaticSibling> Sibling(SeenFile seen, Representation? used, string coding) =>
        seen.Status.Kind == FileKind.Regular ? [new StaticSibling(Text(seen.Path!), coding, seen.Status.Size, used is not null)] : [];

    private static string Text(byte[] path) => Encoding.UTF8.GetString(path.AsSpan().TrimEnd((byte)0));
}
