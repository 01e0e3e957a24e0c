import { makeStyles, tokens } from "@fluentui/react-components";
import { useEffect, useState } from "react";

const useStyles = makeStyles({
  frame: {
    overflow: "auto",
    maxHeight: "40rem",
    backgroundColor: "#fff",
    borderRadius: tokens.borderRadiusMedium,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    textAlign: "center",
  },
  image: { maxWidth: "100%", height: "auto" },
});

/** A drawing that the API returns as the text of an SVG document. As an image it runs nothing, and styles nothing else. */
export function Picture(props: { readonly svg: string; readonly alt: string }) {
  const styles = useStyles();
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([props.svg], { type: "image/svg+xml" }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [props.svg]);
  return (
    <div className={styles.frame} tabIndex={0} role="region" aria-label={props.alt}>
      {url && <img src={url} alt={props.alt} className={styles.image} />}
    </div>
  );
}
