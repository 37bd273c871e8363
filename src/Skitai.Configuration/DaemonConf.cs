using Skitai.Configuration.Keys;
using Skitai.Configuration.Sections;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration;

/// <summary>Reads <c>skitaid.conf</c>: text to settings.</summary>
internal sealed class DaemonConf(Machine machine)
{
    /// <summary>Every section it may have, in the order of the reference.</summary>
    public static readonly IReadOnlyList<Section> Sections = [GlobalSection.Declaration];

    public ConfResult<DaemonSettings> Read(ConfFile file, string etcPath)
    {
        var conf = SectionSet.Read(file, Sections, InstanceConf.Sections, "an instance's conf in servers-enabled");
        var context = new ReadContext(file.Directory, machine, file.Errors);
        var section = GlobalSection.Declaration;
        var settings = GlobalSection.Build(new SectionReader(conf.Find(section), section, Sections, context), etcPath);
        return new ConfResult<DaemonSettings>(file.Errors.IsEmpty ? settings : null, file.Errors.InLineOrder());
    }
}
