using System.Globalization;
using System.Text;
using Skitai.Configuration.Keys;

namespace Skitai.Configuration.Reference;

/// <summary>The reference part of <c>docs/configuration.md</c>, made from the declarations that the parser uses.</summary>
internal static class ReferenceTable
{
    /// <summary>All sections and keys as Markdown.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder();
        Append(text, "In `servers-enabled/NAME.conf`", InstanceConf.Sections);
        Append(text, "In `skitaid.conf`", DaemonConf.Sections);
        return text.ToString();
    }

    private static void Append(StringBuilder text, string title, IReadOnlyList<Section> sections)
    {
        text.Append(CultureInfo.InvariantCulture, $"### {title}\n\n");
        foreach (var section in sections)
        {
            // Said once when it is so for all of the section.
            var later = section.Later is not null || section.Keys?.All(key => key.Later is not null) == true;
            text.Append(CultureInfo.InvariantCulture, $"#### `{section.Header}`\n\n{section.Doc}{NotYet(later)}");
            text.Append(section.Alias is { } alias ? $" May be written `[{alias}:line]`, too.\n\n" : "\n\n");
            if (section.Keys is not { } keys)
            {
                continue;
            }

            text.Append("| key | type | default | what |\n| --- | --- | --- | --- |\n");
            foreach (var key in keys)
            {
                var fallback = key.Default.Length > 0 ? $"`{key.Default}`" : "not set";
                text.Append(CultureInfo.InvariantCulture, $"| `{key.Name}` | {key.Kind} | {fallback} | {key.Doc}{NotYet(!later && key.Later is not null)} |\n");
            }

            text.Append('\n');
        }
    }

    private static string NotYet(bool later) => later ? " *Not in this version yet.*" : "";
}
