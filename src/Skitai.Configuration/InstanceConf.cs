using System.Text.RegularExpressions;
using Skitai.Configuration.Grammar;
using Skitai.Configuration.Keys;
using Skitai.Configuration.Routes;
using Skitai.Configuration.Sections;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration;

/// <summary>Reads an instance's conf: text to settings.</summary>
internal sealed partial class InstanceConf(Machine machine)
{
    private static readonly Section Routes = new("routes", "Mounts and virtual hosts.", null) { KeepsLines = true, Alias = "route" };

    /// <summary>Every section an instance's conf may have, in the order of the reference.</summary>
    public static readonly IReadOnlyList<Section> Sections = [ServerSection.Declaration, TuneSection.Declaration, Routes];

    public ConfResult<InstanceSettings> Read(string name, ConfFile file)
    {
        var errors = file.Errors;
        if (!InstanceName().IsMatch(name))
        {
            errors.Add(0, $"{ErrorList.Quote(name)} cannot name an instance; a name begins with a letter or digit and goes on with letters, digits, '.', '_' and '-'");
        }

        var conf = SectionSet.Read(file, Sections, DaemonConf.Sections, "skitaid.conf");
        var context = new ReadContext(file.Directory, machine, errors);
        SectionReader Reader(Section section) => new(conf.Find(section), section, Sections, context);
        var settings = new InstanceSettings
        {
            Name = name,
            ConfPath = file.Path,
            Server = ServerSection.Build(Reader(ServerSection.Declaration), name),
            Tune = TuneSection.Build(Reader(TuneSection.Declaration)),
            Hosts = RouteReader.Read(conf.Find(Routes), [], context),
        };
        return new ConfResult<InstanceSettings>(errors.IsEmpty ? settings : null, errors.InLineOrder());
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex InstanceName();
}
